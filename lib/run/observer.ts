import type { CloudEvent } from "../change/event.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import type { DeliveryResult } from "../core/result.ts";

/** Told of a run's steps as they happen, for a screen. It must not throw. */
export interface RunObserver {
  /** The event is durable in the outbox. */
  committed(stream: StreamKey, event: CloudEvent): void;
  attempted(sink: SinkName, event: CloudEvent, result: DeliveryResult): void;
}

/** For a run that nobody watches. */
export const unobserved: RunObserver = { committed: () => {}, attempted: () => {} };
