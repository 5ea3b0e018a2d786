import type { DeliveryResult } from "../core/result.ts";
import type { DeliverOptions, Sink } from "../sinks/sink.ts";
import type { Log } from "../telemetry/log.ts";
import type { Parcel } from "./lane.ts";

/** One answer for each parcel. A sink that throws is broken, and must not take the run of the others with it. */
export async function attempt(
  sink: Sink,
  log: Log,
  parcels: readonly Pick<Parcel, "entry">[],
  options: DeliverOptions,
): Promise<readonly DeliveryResult[]> {
  const events = parcels.map(({ entry }) => entry.event);
  try {
    const answers = await sink.deliver(events, options);
    return parcels.map((_, index) => answers[index] ?? unanswered);
  } catch (error) {
    if (options.signal.aborted) return parcels.map(() => cutOff);
    const name = error instanceof Error ? error.name : typeof error;
    log("error", "a sink threw instead of answering", { sink: sink.name, error: name });
    log("debug", "the sink's error", {
      sink: sink.name,
      stack: error instanceof Error ? (error.stack ?? null) : null,
    });
    return parcels.map(() => ({ kind: "blocked", reason: "defect", detail: `the sink threw ${name}` }));
  }
}

const unanswered: DeliveryResult = {
  kind: "blocked",
  reason: "defect",
  detail: "the sink left events unanswered",
};

const cutOff: DeliveryResult = {
  kind: "retry",
  reason: "timeout",
  detail: "the run's time budget ended first",
};
