import type { CloudEvent } from "../../lib/change/event.ts";
import type { SinkName } from "../../lib/core/names.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import type { BatchLimits, Sink } from "../../lib/sinks/sink.ts";

export const accepted: DeliveryResult = { kind: "accepted" };
export const busy: DeliveryResult = { kind: "retry", reason: "server_error", detail: "HTTP 503" };
export const locked: DeliveryResult = { kind: "blocked", reason: "unauthorized", detail: "HTTP 401" };
export const refused: DeliveryResult = { kind: "permanent", reason: "rejected", detail: "HTTP 400" };

export type Answer = (event: CloudEvent, signal: AbortSignal) => DeliveryResult | Promise<DeliveryResult>;

export interface ScriptedSink extends Sink {
  /** What it answers from now on. */
  answer: Answer;
  /** Every event of every attempt, in order. */
  readonly attempts: CloudEvent[];
  /** What it accepted, in order. */
  readonly accepted: CloudEvent[];
}

/** A sink in memory that answers as it is told. */
export function scriptedSink(
  name: SinkName,
  answer: Answer = () => accepted,
  batch: BatchLimits = { maxEvents: 1, maxBytes: 1e6 },
): ScriptedSink {
  const sink: ScriptedSink = {
    name,
    batch,
    answer,
    attempts: [],
    accepted: [],
    deliver: (events, { signal }) =>
      Promise.all(
        events.map(async (event) => {
          sink.attempts.push(event);
          const result = await sink.answer(event, signal);
          if (result.kind === "accepted") sink.accepted.push(event);
          return result;
        }),
      ),
    close: async () => {},
  };
  return sink;
}
