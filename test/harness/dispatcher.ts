import type { BreakerState, OutboxEntry } from "../../lib/checkpoint/checkpoint.ts";
import type { Messages } from "../../lib/checkpoint/messages.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { CircuitBreaker, type CircuitBreakerOptions } from "../../lib/delivery/circuit-breaker.ts";
import { SinkDispatcher } from "../../lib/delivery/sink-dispatcher.ts";
import type { Sink } from "../../lib/sinks/sink.ts";
import { createdMs } from "../change/sample.ts";
import { key } from "../checkpoint/sample.ts";
import { manualClock, runUntilSettled } from "./clock.ts";

export const policy = {
  attemptsPerRun: 3,
  initialDelayMs: 500,
  maxDelayMs: 60_000,
  maxRetryAfterMs: 3_600_000,
  maxAttempts: null,
  maxAgeMs: 1e9,
};
export const failing: BreakerState = {
  kind: "failing",
  reason: "server_error",
  message: "HTTP 503",
  httpStatus: 503,
  sinceMs: 0,
  notBeforeMs: 0,
};

/** A dispatcher to one sink, on a clock that a test moves. */
export function dispatcherHarness(
  sink: Sink,
  over: Partial<CircuitBreakerOptions> & { trouble?: BreakerState } = {},
  random = () => 0.5,
) {
  const clock = manualClock(createdMs);
  const breaker = new CircuitBreaker({ sink, policy, concurrency: 8, rate: null, clock, ...over });
  if (over.trouble) breaker.restore(over.trouble);
  const abort = new AbortController();
  const seen: DeliveryResult[] = [];
  const logged: unknown[] = [];
  const dispatcher = new SinkDispatcher({
    breaker,
    clock,
    random,
    log: (level, message, fields) => logged.push({ level, message, ...fields }),
  });
  const send = (
    outbox: readonly OutboxEntry[],
    stopAtMs = createdMs + 30_000,
    messages: Messages = new Map(),
    { signal } = abort,
  ) =>
    dispatcher.dispatch(
      {
        stream: key,
        record: { outbox, messages },
        agingMs: () => clock.now(),
        stopAtMs,
        attempted: (_, result) => seen.push(result),
      },
      { signal },
    );
  const run = (outbox: readonly OutboxEntry[], messages?: Messages) =>
    runUntilSettled(clock, send(outbox, undefined, messages));
  return { clock, breaker, dispatcher, abort, seen, logged, send, run };
}
