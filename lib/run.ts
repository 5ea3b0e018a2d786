import type { CloudEvent } from "./change/event.ts";
import type { SinkName, StreamKey } from "./names.ts";
import type { DeliveryResult } from "./sinks/sink.ts";

/** What one run did, as `poll --json` prints it. */
export interface RunSummary {
  readonly runId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly streams: readonly StreamSummary[];
  readonly sinks: Readonly<Record<string, SinkSummary>>;
}

export interface StreamSummary {
  readonly key: string;
  /** Tasks the snapshot held. */
  readonly tasks: number;
  /** Changes committed. */
  readonly changes: number;
  /** Where the snapshot began, ISO 8601; null when it had no bound or was not read. */
  readonly beginTime: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface SinkSummary {
  /** Deliveries settled in this run, by how. */
  readonly accepted: number;
  readonly filtered: number;
  readonly deadLettered: number;
  /** Deliveries still owed that have been tried. */
  readonly retrying: number;
  /** All deliveries still owed, the retrying ones included. */
  readonly pending: number;
  /** Why the sink waits for its operator; null when it does not. */
  readonly blocked: string | null;
}

/** Told of a run's steps as they happen, for a screen. It must not throw. */
export interface RunObserver {
  /** The event is durable in the outbox. */
  committed(stream: StreamKey, event: CloudEvent): void;
  attempted(sink: SinkName, event: CloudEvent, result: DeliveryResult): void;
}
