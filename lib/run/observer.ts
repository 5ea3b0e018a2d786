import type { CloudEvent } from "../change/event.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import type { DeliveryResult } from "../core/result.ts";

/** Callbacks for a run's steps as they happen, for a screen. They must not throw. */
export interface RunObserver {
  /** The event was committed to the outbox. */
  committed(stream: StreamKey, event: CloudEvent): void;
  attempted(sink: SinkName, event: CloudEvent, result: DeliveryResult): void;
}

/** Observer that does nothing. */
export const unobserved: RunObserver = { committed: () => {}, attempted: () => {} };
