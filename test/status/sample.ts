import type { SinkSummary, StreamSummary } from "../../lib/run/summary.ts";
import type { StreamTrouble } from "../../lib/status/streams.ts";
import { key } from "../checkpoint/sample.ts";

/** The status of a sink that is well and is owed nothing. */
export const healthy = {
  state: "healthy",
  since: null,
  reason: null,
  httpStatus: null,
  message: null,
  pending: 0,
  oldestPendingAt: null,
  nextAttemptAt: null,
  action: null,
} as const;

/** A sink's result of a run. */
export const sinkSummary = (more: Partial<SinkSummary> = {}): SinkSummary => ({
  accepted: 0,
  filtered: 0,
  deadLettered: 0,
  expired: 0,
  retrying: 0,
  ...healthy,
  ...more,
});

/** A stream's result of a run. */
export const streamSummary = (more: Partial<StreamSummary> = {}): StreamSummary => ({
  key,
  name: null,
  pending: 0,
  oldestPendingAt: null,
  error: null,
  tasks: 3,
  unreadable: 0,
  changes: 0,
  beginTime: null,
  ...more,
});

/** Why a stream could not be read. */
export const trouble = (code: string, message: string): StreamTrouble => ({
  code,
  message,
  httpStatus: null,
  since: null,
  action: "mend it",
});
