import { ConfigError, SourceError, StoreError } from "../core/errors.ts";
import type { Output } from "./screen/output.ts";
import type { Line } from "./screen/text.ts";

/** Exit codes. 0: success; 1: something could not be read or was abandoned; 2: usage or configuration. */
export type ExitCode = 0 | 1 | 2;

/** A wrong argument on the command line. */
export const usageError = (field: string, expected: string, found: string | undefined): ConfigError =>
  new ConfigError([{ field, expected, found: found === undefined ? "nothing" : JSON.stringify(found) }]);

/** The mistake in an argument whose file or folder the system refuses. @throws the error itself where it is none of the system's */
export function pathError(field: string, expected: string, found: string, error: unknown): ConfigError {
  if (!(error instanceof Error && "code" in error)) throw error;
  return usageError(field, `${expected} (${error.code})`, found);
}

/** Whether an external failure, which a retry may survive; any other error is a defect or a mistake. */
export const isOutage = (error: unknown): error is SourceError | StoreError =>
  error instanceof SourceError || error instanceof StoreError;

/** Whether the error only reports an interruption by a signal. */
export const isInterruption = (error: unknown, stop: AbortSignal): boolean =>
  stop.aborted && (isOutage(error) || (error instanceof Error && error.name === "AbortError"));

/** Prints to `err` what failed and what to do; `debug` adds stacks. Returns the exit code. */
export function report(error: unknown, err: Output, debug: boolean): ExitCode {
  if (debug) for (const line of stacks(error)) err.line(["dim", line]);
  if (error instanceof ConfigError) {
    reportIssues(error, err);
    return 2;
  }
  if (isOutage(error)) {
    err.line(["red", "error: "], `${error.message} (${error.code}, ${error.reason})`);
    return 1;
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  err.line(["red", "unexpected error: "], what);
  if (!debug) err.line("This is a bug in dms-task-bridge. Run again with --debug for its stack.");
  return 1;
}

function reportIssues(error: ConfigError, err: Output): void {
  const { issues, places, excerpts } = error;
  const isOne = issues.length === 1;
  if (!isOne) err.line(["red", "error: "], `${issues.length} things must change first`);
  for (const [index, { field, expected, found }] of issues.entries()) {
    const place = places[index] ?? null;
    const begin: Line = isOne ? [["red", "error: "]] : ["  "];
    const rest = `: expected ${expected}, found ${found}`;
    err.line(...begin, ["dim", place === null ? "" : `${place} `], isOne ? field : ["bold", field], rest);
    for (const line of excerpts[index]?.split("\n") ?? []) err.line("    ", ["dim", line]);
  }
}

function* stacks(error: unknown): Generator<string> {
  let at = error;
  while (at instanceof Error) {
    yield* (at.stack ?? at.message).split("\n");
    at = at.cause;
  }
}
