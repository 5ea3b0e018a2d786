import type { CloudEvent } from "../change/event.ts";
import { nameOf } from "../core/errors.ts";
import type { DeliveryResult } from "../core/result.ts";
import type { DeliverOptions, Sink } from "../sinks/sink.ts";
import { logDefect } from "../telemetry/defect.ts";
import type { Log } from "../telemetry/log.ts";
import { resultsOf } from "./results.ts";

/**
 * Attempts a batch and returns one result per delivery. An exception of the sink becomes a result, so that it cannot
 * end the run of other sinks.
 */
export async function attempt(
  sink: Sink,
  log: Log,
  events: readonly CloudEvent[],
  options: DeliverOptions,
): Promise<readonly DeliveryResult[]> {
  try {
    return resultsOf(await sink.deliver(events, options), events.length);
  } catch (error) {
    if (options.signal.aborted) return events.map(() => cutOff);
    logDefect(log, "a sink threw instead of answering", { sink: sink.name }, error);
    return events.map(() => ({
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
