import type { CloudEvent } from "../change/event.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import type { DeliveryResult } from "../core/result.ts";
import type { RequestReport } from "../source/reported.ts";
import type { Page } from "../source/task-source.ts";

/** Callbacks for a run's steps as they happen, for a screen or telemetry. They must not throw. */
export interface RunObserver {
  /** A request to the API or to IAM ended; retries count singly. */
  requested?(request: RequestReport): void;
  /** The event was committed to the outbox. */
  committed?(stream: StreamKey, event: CloudEvent): void;
  /** A delivery attempt ended. */
  attempted?(attempt: DeliveryAttempt): void;
  /** A page of the stream's tasks was read. */
  listed?(stream: StreamKey, instanceName: string | null, page: Page): void;
}

/** One attempt to deliver an event to a sink. */
export interface DeliveryAttempt {
  readonly stream: StreamKey;
  readonly sink: SinkName;
  readonly event: CloudEvent;
  readonly result: DeliveryResult;
  /** Epoch milliseconds. Events of one batch share both instants. */
  readonly startedMs: number;
  readonly endedMs: number;
}
