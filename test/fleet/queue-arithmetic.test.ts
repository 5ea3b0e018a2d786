import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CloudEvent } from "../../lib/change/event.ts";
import { eventId, sinkName } from "../../lib/core/names.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { CircuitBreaker } from "../../lib/delivery/circuit-breaker.ts";
import { RateLimit } from "../../lib/delivery/rate-limit.ts";
import { SinkDispatcher } from "../../lib/delivery/sink-dispatcher.ts";
import { openDeliverer } from "../../lib/fleet/deliverer.ts";
import { maxRestMs, seldomMs } from "../../lib/fleet/waits.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import { manualClock } from "../harness/clock.ts";
import { accepted, busy, locked, scriptedSink } from "../harness/scripted-sink.ts";
import { record } from "../serverless/sqs-event.ts";
import { sampleEvent } from "../sinks/sample.ts";
import { memoryQueue } from "./fleet-sample.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const startMs = Date.parse("2026-11-24T12:00:00Z");
const batchSize = 10;

/** Of the queue `Ops`, as it is deployed. */
const stack = readFileSync(new URL("../../serverless.fleet.yml", import.meta.url), "utf8");
const opsQueue = stack.slice(stack.indexOf("    Ops:\n"), stack.indexOf("    OpsDead:\n"));
const numberOf = (name: string): number => Number(opsQueue.match(new RegExp(`${name}: (\\d+)`))?.[1]);
const maxReceiveCount = numberOf("maxReceiveCount");
const retentionMs = numberOf("MessageRetentionPeriod") * 1_000;

interface Kept {
  readonly event: CloudEvent;
  readonly sentMs: number;
  receives: number;
  visibleMs: number;
}

interface Setup {
  readonly messages: number;
  /** How the sink answers until it is well again. */
  readonly answer: DeliveryResult;
  readonly wellAfterMs: number;
  readonly maxAgeMs: number;
  readonly maxDelayMs?: number;
  readonly rate?: RateLimit;
  /** A new container for each batch, that knows nothing of the earlier ones. */
  readonly isCold?: boolean;
}

/** Plays one queue with its receives, its limits and its deletions, before a deliverer, until it is empty. */
async function play(setup: Setup) {
  const { answer, wellAfterMs, maxAgeMs, maxDelayMs = maxRestMs, rate = null } = setup;
  const clock = manualClock(startMs);
  const random = seededRandom(7);
  const sink = scriptedSink(sinkName("ops"), () => (clock.now() < startMs + wellAfterMs ? answer : accepted));
  const queue = memoryQueue();
  const deadLetters = memoryQueue();
  const policy = {
    attemptsPerRun: 1,
    initialDelayMs: Math.min(1_000, maxDelayMs),
    maxDelayMs,
    maxRetryAfterMs: 3_600_000,
    maxAttempts: null,
    maxAgeMs,
  };
  const open = () =>
    openDeliverer({
      dispatcher: () =>
        new SinkDispatcher({
          breaker: new CircuitBreaker({ sink, policy, clock, concurrency: 4, rate }),
          clock,
          random,
          log: silentLog,
        }),
      matches: () => true,
      queue,
      deadLetters,
      clock,
      log: silentLog,
    });
  let deliverer = open();
  let kept = Array.from({ length: setup.messages }, (_, index): Kept => {
    const event = { ...sampleEvent(index), id: eventId(`i-1/${index}/SUCCESS/1`) };
    return { event, sentMs: startMs, receives: 0, visibleMs: startMs };
  });
  const seen = { movedBySqs: 0, deletedBySqs: 0, receives: 0, emptyMs: 0 };
  const { signal } = new AbortController();
  while (kept.length > 0) {
    const nowMs = clock.now();
    const old = kept.filter(({ sentMs }) => nowMs - sentMs >= retentionMs);
    seen.deletedBySqs += old.length;
    kept = kept.filter((each) => !old.includes(each));
    const batch = kept.filter(({ visibleMs }) => visibleMs <= nowMs).slice(0, batchSize);
    if (batch.length === 0) {
      const next = Math.min(...kept.map(({ visibleMs }) => visibleMs));
      if (kept.length > 0) await clock.advance(Math.max(1, next - nowMs));
      continue;
    }
    const moved = batch.filter(({ receives }) => receives >= maxReceiveCount);
    seen.movedBySqs += moved.length;
    const received = batch.filter((each) => !moved.includes(each));
    for (const each of received) each.receives += 1;
    seen.receives = Math.max(seen.receives, ...received.map(({ receives }) => receives));
    if (setup.isCold) deliverer = open();
    queue.visibility.length = 0;
    const { failed } = await deliverer.deliver(
      received.map(({ event, receives, sentMs }) =>
        record(JSON.stringify(event), {
          messageId: event.id,
          receiptHandle: event.id,
          receiveCount: receives,
          sentMs,
        }),
      ),
      { stopAtMs: nowMs + 1, sending: signal, settling: signal },
    );
    const back = new Set(failed);
    kept = kept.filter(
      (each) => !moved.includes(each) && (!received.includes(each) || back.has(each.event.id)),
    );
    const hidden = new Map(queue.visibility.map(({ receiptHandle, seconds }) => [receiptHandle, seconds]));
    for (const each of received) each.visibleMs = nowMs + (hidden.get(each.event.id) ?? 180) * 1_000;
    await clock.advance(20);
  }
  seen.emptyMs = clock.now() - startMs;
  const reasons = deadLetters.sent.map(({ attributes }) => attributes?.["reason"]);
  return { ...seen, accepted: sink.accepted.length, reasons };
}

describe("a sink's queue as it is deployed", () => {
  it("has its sink's rate divided among as many containers as there may be", () => {
    const deliverOps = stack.slice(stack.indexOf("  deliverOps:\n"));
    const [, containers] = deliverOps.match(/BRIDGE_CONTAINERS: "(\d+)"/) ?? [];
    expect(deliverOps.match(/maximumConcurrency: (\d+)/)?.[1]).toBe(containers);
  });

  it.each([
    ["blocked", { answer: locked }],
    ["failing", { answer: busy }],
    ["failing without a backoff", { answer: busy, maxDelayMs: 0 }],
    ["blocked, before containers that know nothing", { answer: locked, isCold: true }],
  ] as const)("keeps all it has for 12 days while its sink is %s, and delivers it then", async (_, how) => {
    const seen = await play({ messages: 12, wellAfterMs: 12 * dayMs, maxAgeMs: 13 * dayMs, ...how });
    expect(seen).toMatchObject({ accepted: 12, movedBySqs: 0, deletedBySqs: 0, reasons: [] });
    expect(seen.receives).toBeLessThan(maxReceiveCount);
    expect(seen.emptyMs - 12 * dayMs).toBeLessThanOrEqual(seldomMs + minuteMs);
  });

  it("never gives up of itself what the deliverer gives up with a reason", async () => {
    for (const maxAgeMs of [7 * dayMs, 13 * dayMs]) {
      const seen = await play({ messages: 12, answer: locked, wellAfterMs: 30 * dayMs, maxAgeMs });
      expect(seen).toMatchObject({ accepted: 0, movedBySqs: 0, deletedBySqs: 0 });
      expect(seen.reasons).toEqual(Array(12).fill("too_old"));
      expect(seen.emptyMs - maxAgeMs).toBeLessThanOrEqual(seldomMs + minuteMs);
    }
  });

  it("finds out within a quarter of an hour that its sink is well, in the first days", async () => {
    const seen = await play({ messages: 40, answer: locked, wellAfterMs: dayMs, maxAgeMs: 7 * dayMs });
    expect(seen.accepted).toBe(40);
    expect(seen.emptyMs - dayMs).toBeLessThanOrEqual(maxRestMs + minuteMs);
  });

  it("delivers at the rate of its sink, and receives few messages twice for it", async () => {
    const rate = new RateLimit({ events: 2, perMs: minuteMs });
    const seen = await play({ messages: 120, answer: accepted, wellAfterMs: 0, maxAgeMs: dayMs, rate });
    expect(seen).toMatchObject({ accepted: 120, reasons: [] });
    expect(seen.emptyMs).toBeGreaterThanOrEqual(59 * minuteMs);
    expect(seen.emptyMs).toBeLessThanOrEqual(75 * minuteMs);
    expect(seen.receives).toBeLessThan(12);
  });
});
