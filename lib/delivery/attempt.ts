import { nameOf } from "../core/errors.ts";
import type { DeliveryResult } from "../core/result.ts";
import type { DeliverOptions, Sink } from "../sinks/sink.ts";
import { logDefect } from "../telemetry/defect.ts";
import type { Log } from "../telemetry/log.ts";
import { resultsOf } from "./results.ts";
import type { PendingDelivery } from "./task-queue.ts";

/**
 * Attempts a batch and returns one result per delivery. An exception of the sink becomes a result, so that it cannot
 * end the run of other sinks.
 */
export async function attempt(
  sink: Sink,
  log: Log,
  parcels: readonly { readonly entry: Pick<PendingDelivery["entry"], "event"> }[],
  options: DeliverOptions,
): Promise<readonly DeliveryResult[]> {
  const events = parcels.map(({ entry }) => entry.event);
  try {
    return resultsOf(await sink.deliver(events, options), events.length);
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

const cutOff: DeliveryResult = {
  kind: "retry",
  reason: "timeout",
  detail: "the run's time budget ended first",
};
