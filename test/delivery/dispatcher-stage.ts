import type { OutboxEntry, SinkTrouble } from "../../lib/checkpoint/checkpoint.ts";
import type { Messages } from "../../lib/checkpoint/messages.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { Channel, type ChannelOptions } from "../../lib/delivery/channel.ts";
import { Dispatcher } from "../../lib/delivery/dispatcher.ts";
import type { Sink } from "../../lib/sinks/sink.ts";
import { createdMs } from "../change/sample.ts";
import { key } from "../checkpoint/sample.ts";
import { manualClock } from "../simulator/clock.ts";
import { pump } from "./pump.ts";

export const policy = {
  attemptsPerRun: 3,
  initialDelayMs: 500,
  maxDelayMs: 60_000,
  maxRetryAfterMs: 3_600_000,
  maxAttempts: null,
  maxAgeMs: 1e9,
};
export const failing: SinkTrouble = { kind: "failing", reason: "server_error", sinceMs: 0, notBeforeMs: 0 };

/** A dispatcher to one sink, on a clock that a test moves. */
export function stage(
  sink: Sink,
  over: Partial<ChannelOptions> & { trouble?: SinkTrouble } = {},
  random = () => 0.5,
) {
  const clock = manualClock(createdMs);
  const channel = new Channel({ sink, policy, concurrency: 8, rate: null, clock, ...over });
  if (over.trouble) channel.recall(over.trouble);
  const abort = new AbortController();
  const seen: DeliveryResult[] = [];
  const logged: unknown[] = [];
  const dispatcher = new Dispatcher({
    channel,
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
        startedMs: clock.now(),
        stopAtMs,
        attempted: (_, result) => seen.push(result),
      },
      { signal },
    );
  const run = (outbox: readonly OutboxEntry[], messages?: Messages) =>
    pump(clock, send(outbox, undefined, messages));
  return { clock, channel, dispatcher, abort, seen, logged, send, run };
}
