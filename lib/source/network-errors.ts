import { SourceError, type SourceFailure } from "../core/errors.ts";
import {
  type NetworkFailure,
  type NetworkFault,
  networkFailure,
  networkFailureText,
} from "../net/network-errors.ts";

const reasons: Readonly<Record<NetworkFault, SourceFailure>> = {
  barred: "rejected",
  lost: "unavailable",
  slow: "unavailable",
  untrusted: "rejected",
  garbled: "malformed",
  unmade: "rejected",
};

/** Maps a request's failure to a SourceError; null for one that the network did not cause, which is a defect. */
export function networkSourceError(operation: string, error: unknown): SourceError | null {
  const trouble = networkFailure(error);
  if (!trouble) return null;
  const hint = hintOf(trouble);
  return new SourceError(reasons[trouble.fault], `${operation}: ${networkFailureText(trouble)}${hint}`, {
    cause: error,
  });
}

function hintOf({ fault, code }: NetworkFailure): string {
  if (code === "ENOTFOUND") return "; check region and endpoint";
  return fault === "unmade" ? "; check endpoint, projectId and credentials" : "";
}
