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
  const failure = networkFailure(error);
  if (!failure) return null;
  const hint = hintOf(failure);
  return new SourceError(reasons[failure.fault], `${operation}: ${networkFailureText(failure)}${hint}`, {
    cause: error,
  });
}

function hintOf({ fault, code }: NetworkFailure): string {
  if (code === "ENOTFOUND") return "; check region and endpoint";
  return fault === "unmade" ? "; check endpoint, projectId and credentials" : "";
}
