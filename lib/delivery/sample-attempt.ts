import { isOutOfTime, withDeadline } from "../async/deadline.ts";
import type { CloudEvent } from "../change/event.ts";
import { sampleEvent } from "../change/sample.ts";
import type { CallOptions, Clock } from "../core/clock.ts";
import type { DeliveryResult } from "../core/result.ts";
import type { Sink } from "../sinks/sink.ts";
import type { Log } from "../telemetry/log.ts";
import { attempt } from "./attempt.ts";

const limitMs = 30_000;

/** An attempt with a sample event. */
export interface SampleAttempt {
  readonly event: CloudEvent;
  readonly result: DeliveryResult;
  readonly durationMs: number;
}

/** Sends one sample event through a sink, without outbox and retries, within thirty seconds. */
export async function attemptSample(
  sink: Sink,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  options: CallOptions,
): Promise<SampleAttempt> {
  const startedMs = clock.now();
  const event = sampleEvent(startedMs);
  let result: DeliveryResult = { kind: "retry", reason: "network", detail: "the sink returned no result" };
  await withDeadline(clock, startedMs + limitMs, options, async (bounded) => {
    const [answer = result] = await attempt(sink, log, [event], bounded);
    result = answer.kind !== "accepted" && bounded.signal.aborted ? cutOff(bounded) : answer;
  });
  return { event, result, durationMs: clock.now() - startedMs };
}

const cutOff = ({ signal }: CallOptions): DeliveryResult => ({
  kind: "retry",
  reason: "timeout",
  detail: isOutOfTime(signal) ? `no response within ${limitMs / 1_000} s` : "stopped before a response",
});
