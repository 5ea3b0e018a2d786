import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { oldestPendingMs, pendingCounts } from "../checkpoint/pending.ts";
import { type PartError, SourceError } from "../core/errors.ts";
import { streamAction } from "./actions.ts";

/** Status of one stream, in every report: the commands' tables and JSON, the log, metrics and the console. */
export interface StreamStatus {
  readonly key: string;
  /** Name of the instance; null where it is not known. */
  readonly name: string | null;
  /** Deliveries of the stream that wait, over all sinks. */
  readonly pending: number;
  /** Commit time of the oldest of them, ISO 8601; null when none is pending. */
  readonly oldestPendingAt: string | null;
  /** Why the stream could not be read or recorded; null while it can. */
  readonly error: StreamTrouble | null;
}

/** Why a stream could not be read or recorded. */
export interface StreamTrouble {
  /** The source's reason, such as `throttled`, or an error's code, such as `STORE_FAILED`. */
  readonly code: string;
  /** Message of the API or the store: one line without secrets. */
  readonly message: string;
  /** HTTP status of the API's response; null without one. */
  readonly httpStatus: number | null;
  /** Since when the stream cannot be read, ISO 8601; null where no record says so. */
  readonly since: string | null;
  /** Advice to the operator. */
  readonly action: string;
}

/**
 * Status of a stream from its record, and from the error of the run that reports. The record of a stream that is not
 * watched any more keeps its last failure for ever, so that one is left out.
 */
export function streamStatus(
  key: string,
  checkpoint: Checkpoint | null,
  error: PartError | null = null,
  isWatched = true,
): StreamStatus {
  const counts = checkpoint ? [...pendingCounts(checkpoint).values()] : [];
  const oldestMs = checkpoint && oldestPendingMs(checkpoint);
  return {
    key,
    name: checkpoint?.instanceName ?? null,
    pending: counts.reduce((sum, count) => sum + count, 0),
    oldestPendingAt: oldestMs === null ? null : new Date(oldestMs).toISOString(),
    error: troubleOf(isWatched ? (checkpoint?.outage ?? null) : null, error),
  };
}

function troubleOf(outage: Checkpoint["outage"], error: PartError | null): StreamTrouble | null {
  const said = error ? wordsOf(error) : outage;
  if (!said) return null;
  const { code, message, httpStatus } = said;
  return {
    code,
    message,
    httpStatus,
    since: outage && new Date(outage.sinceMs).toISOString(),
    action: streamAction(code),
  };
}

/** An error's code, message and HTTP status. For a stream that cannot be read, the source's reason is the code. */
export const wordsOf = (error: PartError): Pick<StreamTrouble, "code" | "message" | "httpStatus"> => ({
  code: error instanceof SourceError ? error.reason : error.code,
  message: error.message,
  httpStatus: error instanceof SourceError ? (error.api?.status ?? null) : null,
});
