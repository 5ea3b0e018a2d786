import { nameOf } from "../core/errors.ts";
import type { DeliveryResult } from "../core/result.ts";
import type { DeliverOptions, Sink } from "../sinks/sink.ts";
import { logDefect } from "../telemetry/defect.ts";
import type { Log } from "../telemetry/log.ts";
import type { PendingDelivery } from "./task-queue.ts";

/**
 * Attempts a batch and returns one result per delivery. An exception of the sink becomes a result, so that it cannot
 * end the run of other sinks.
 */
export async function attempt(
  sink: Sink,
  log: Log,
  parcels: readonly Pick<PendingDelivery, "entry">[],
  options: DeliverOptions,
): Promise<readonly DeliveryResult[]> {
  const events = parcels.map(({ entry }) => entry.event);
  try {
    const responses = await sink.deliver(events, options);
    return parcels.map((_, index) => responses[index] ?? unanswered);
  } catch (error) {
    if (options.signal.aborted) return parcels.map(() => cutOff);
    logDefect(log, "a sink threw instead of answering", { sink: sink.name }, error);
    return parcels.map(() => ({
      kind: "retry",
      reason: "defect",
      detail: `the sink threw ${nameOf(error)}`,
    }));
  }
}

const unanswered: DeliveryResult = {
  kind: "retry",
  reason: "defect",
  detail: "the sink left events unanswered",
};

const cutOff: DeliveryResult = {
  kind: "retry",
  reason: "timeout",
  detail: "the run's time budget ended first",
};
