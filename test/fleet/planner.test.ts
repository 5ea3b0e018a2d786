import { describe, expect, it } from "vitest";
import { AwsError } from "../../lib/aws/errors.ts";
import { openMs, owingMs } from "../../lib/checkpoint/activity.ts";
import { type StreamKey, streamKey } from "../../lib/core/names.ts";
import { openPlanner, type PlanRules, planMessages, type Watched } from "../../lib/fleet/planner.ts";
import { parseShard, type ShardStream } from "../../lib/fleet/shard.ts";
import { fleetOf, memoryQueue } from "./fleet-sample.ts";

const minuteMs = 60_000;
const startMs = Date.parse("2026-11-24T12:00:00Z");
const rules: PlanRules = { everyMs: minuteMs, maxIdleMs: 5 * minuteMs, shardSize: 50, burst: 1 };
const signal = new AbortController().signal;
const span = (minute: number) => ({
  afterMs: startMs + (minute - 1) * minuteMs,
  untilMs: startMs + minute * minuteMs,
});
const keyOf = ({ stream }: ShardStream): StreamKey => streamKey(stream);
const activityOf = (streams: readonly ShardStream[], activeMs: number) =>
  new Map(streams.map((each) => [keyOf(each), activeMs]));
const keysIn = (messages: readonly { readonly body: string }[]): readonly StreamKey[] =>
  messages.flatMap(({ body }) => (parseShard(body) ?? []).map(keyOf));

describe("planMessages", () => {
  it.each([1, 100, 10_000, 100_000])(
    "sends each of %i idle streams once in five minutes, in full shards spread over the minute",
    (count) => {
      const streams = fleetOf(count, Math.ceil(count / 50_000));
      const plans = [1, 2, 3, 4, 5].map((minute) => planMessages(streams, new Map(), span(minute), rules));
      expect(plans.reduce((sum, { due }) => sum + due, 0)).toBe(count);
      const even = count / 5;
      for (const { due, messages } of plans) {
        expect(Math.abs(due - even)).toBeLessThan(5 * Math.sqrt(even) + 1);
        expect(messages.length).toBeLessThanOrEqual(Math.ceil(due / 50) + 20);
        const delays = messages.map(({ delaySeconds = 0 }) => delaySeconds);
        expect(Math.min(0, ...delays)).toBe(0);
        expect(Math.max(0, ...delays)).toBeLessThan(60);
      }
    },
  );

  it("sends streams with open tasks every minute, and again within it where the burst says so", () => {
    const streams = fleetOf(120);
    const busy = streams.slice(0, 3);
    const burst = { ...rules, burst: 4 };
    for (const minute of [1, 2, 3, 4, 5, 6]) {
      const plan = planMessages(streams, activityOf(busy, openMs), span(minute), burst);
      expect(plan.busy).toBe(3);
      const mine = plan.messages.filter((message) =>
        keysIn([message]).includes(keyOf(busy[0] as ShardStream)),
      );
      expect(mine.map(({ delaySeconds }) => delaySeconds)).toEqual([0, 15, 30, 45]);
      expect(keysIn(mine.slice(0, 1))).toEqual(busy.map(keyOf));
    }
  });

  it("never puts a busy stream into a shard of idle ones: it would be polled with them, and they with it", () => {
    const streams = fleetOf(100);
    const plan = planMessages(streams, activityOf(streams.slice(0, 5), openMs), span(1), {
      ...rules,
      burst: 2,
    });
    const sent = keysIn(plan.messages);
    for (const each of streams.slice(5)) {
      expect(sent.filter((key) => key === keyOf(each)).length).toBeLessThanOrEqual(1);
    }
  });

  it("names no stream of its own accord, whatever the index knows", () => {
    const [watched, ...gone] = fleetOf(10);
    const plan = planMessages([watched as ShardStream], activityOf(gone, openMs), span(1), rules);
    expect(keysIn(plan.messages).every((key) => key === keyOf(watched as ShardStream))).toBe(true);
  });
});

function opened(activity = new Map<StreamKey, number>()) {
  const queue = memoryQueue();
  const asked: number[] = [];
  const index = {
    activeSince: async (ms: number) => {
      asked.push(ms);
      return activity;
    },
  };
  const planner = openPlanner({ activity: index, queue, rules });
  return {
    queue,
    asked,
    plan: (minute: number, streams = fleetOf(40), over: Partial<Watched> = {}) => {
      const watched = { streams, isPartial: false, unlisted: () => [], ...over };
      return planner.plan(watched, startMs + minute * minuteMs, { signal });
    },
  };
}

describe("a planner", () => {
  it("sends what no list has and the index says is to be served, with when it was missed", async () => {
    const [gone, ...listed] = fleetOf(10) as [ShardStream, ...ShardStream[]];
    const { queue, plan } = opened(activityOf([gone], owingMs));
    const absent = { ...gone, name: null, absentMs: startMs };
    const unlisted: Watched["unlisted"] = (records) => (records.has(keyOf(gone)) ? [absent] : []);
    const plans = await plan(1, listed, { unlisted });
    expect(plans.busy).toBe(1);
    expect(queue.sent.flatMap(({ body }) => parseShard(body) ?? [])).toContainEqual({
      ...absent,
      owes: true,
    });
  });

  it("covers the time since its last plan, so that a timer's lost event costs only latency", async () => {
    const { queue, plan } = opened();
    await plan(1);
    queue.sent.length = 0;
    await plan(3);
    await plan(6);
    expect(keysIn(queue.sent).toSorted()).toEqual(fleetOf(40).map(keyOf));
  });

  it("has every stream in its first plan, since nobody knows what the planner before it missed", async () => {
    const { queue, plan } = opened();
    await plan(1);
    expect(keysIn(queue.sent).toSorted()).toEqual(fleetOf(40).map(keyOf));
  });

  it("has a stream at once that the plan before did not know, with since when its tasks are news", async () => {
    const { queue, plan } = opened();
    await plan(1);
    queue.sent.length = 0;
    const added = fleetOf(50).slice(40);
    const fresh = added.map((each) => ({ ...each, sinceMs: startMs }));
    await plan(1, [...fleetOf(40), ...fresh]);
    expect(queue.sent.flatMap(({ body }) => parseShard(body) ?? [])).toEqual(fresh);
    await plan(1, [...fleetOf(40), ...fresh]);
    expect(keysIn(queue.sent)).toHaveLength(10);
  });

  it("has a new stream again when its message was not taken", async () => {
    const { queue, plan } = opened();
    await plan(1, fleetOf(1));
    queue.fails = new AwsError("unavailable", "InternalError", "sqs");
    await expect(plan(1, fleetOf(2))).rejects.toThrow("InternalError");
    queue.sent.length = 0;
    await plan(1, fleetOf(2));
    expect(keysIn(queue.sent)).toEqual(fleetOf(2).slice(1).map(keyOf));
  });

  it("plans what has a record where a source was never listed, and what has none once it is", async () => {
    const recorded = fleetOf(30);
    const { queue, asked, plan } = opened(activityOf(recorded, 0));
    const unlisted: Watched["unlisted"] = (records) => recorded.filter((each) => records.has(keyOf(each)));
    await plan(1, [], { isPartial: true, unlisted });
    expect(asked).toEqual([0]);
    expect(keysIn(queue.sent).toSorted()).toEqual(recorded.map(keyOf));
    queue.sent.length = 0;
    await plan(1, fleetOf(32));
    expect(keysIn(queue.sent)).toEqual(fleetOf(32).slice(30).map(keyOf));
  });

  it("covers the same time again when its messages were not taken", async () => {
    const { queue, plan } = opened();
    await plan(0);
    queue.sent.length = 0;
    for (const minute of [1, 2, 3, 4]) await plan(minute);
    const before = keysIn(queue.sent);
    queue.fails = new AwsError("unavailable", "InternalError", "sqs");
    await expect(plan(5)).rejects.toThrow("InternalError");
    await plan(6);
    expect(keysIn(queue.sent)).toEqual(expect.arrayContaining(fleetOf(40).map(keyOf)));
    expect(before.length).toBeLessThan(40);
  });

  it("sends idle streams once when the timer repeats an event, or brings an older one late", async () => {
    const { queue, plan } = opened();
    await plan(3);
    const sent = queue.sent.length;
    await plan(3);
    await plan(2);
    await plan(3);
    expect(queue.sent).toHaveLength(sent);
  });

  it("sends each stream once at most after a stop of any length", async () => {
    const { queue, asked, plan } = opened();
    await plan(1);
    queue.sent.length = 0;
    await plan(100_000);
    // No further back than what still matters: else it would read the index whole.
    expect(asked.at(-1)).toBe(startMs + (100_000 - 5 - 7) * minuteMs);
    expect(keysIn(queue.sent).toSorted()).toEqual(fleetOf(40).map(keyOf));
  });

  it("asks for the activity of the time that still makes a stream due sooner", async () => {
    const { asked, plan } = opened();
    await plan(1);
    // Gaps of one, two and four minutes before the beginning of the span.
    expect(asked).toEqual([startMs + (1 - 5 - 7) * minuteMs]);
  });
});
