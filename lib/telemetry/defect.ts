import { DefectError, nameOf, type PartError, SourceError, StoreError } from "../core/errors.ts";
import type { Fields, Log } from "./log.ts";

/** Converts a thrown value to the part's error. A defect is logged with the part's name. */
export function partError(log: Log, part: Fields, error: unknown): PartError {
  if (error instanceof SourceError || error instanceof StoreError || error instanceof DefectError)
    return error;
  logDefect(log, "a part of a run met a defect", part, error);
  return new DefectError(error);
}

/** Logs a defect's class; text and stack only at level debug, since they may quote secrets. */
export function logDefect(log: Log, message: string, part: Fields, error: unknown): void {
  log("error", message, { ...part, error: nameOf(error) });
  log("debug", "the defect", { ...part, stack: error instanceof Error ? (error.stack ?? null) : null });
}
