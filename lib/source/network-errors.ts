import { SourceError, type SourceFailure } from "../core/errors.ts";
import { type NetworkFault, networkTrouble, troubleText } from "../net/network-errors.ts";

const reasons: Readonly<Record<NetworkFault, SourceFailure>> = {
  lost: "unavailable",
  slow: "unavailable",
  untrusted: "rejected",
  garbled: "malformed",
};

/** What a request's failure means; null for one that no network causes, which is a defect. */
export function networkFailure(operation: string, error: unknown): SourceError | null {
  const trouble = networkTrouble(error);
  if (!trouble) return null;
  const hint = trouble.code === "ENOTFOUND" ? "; check region and endpoint" : "";
  return new SourceError(reasons[trouble.fault], `${operation}: ${troubleText(trouble)}${hint}`, {
    cause: error,
  });
}
