import type { CloudEvent } from "./change/event.ts";
import type { SinkName, StreamKey } from "./names.ts";
import type { DeliveryResult } from "./sinks/sink.ts";

/** Told of a run's steps as they happen, for a screen. It must not throw. */
export interface RunObserver {
  /** The event is durable in the outbox. */
  committed(stream: StreamKey, event: CloudEvent): void;
  attempted(sink: SinkName, event: CloudEvent, result: DeliveryResult): void;
}
