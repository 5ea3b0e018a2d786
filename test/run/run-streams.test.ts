import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Task } from "../../lib/change/task.ts";
import type { Clock } from "../../lib/core/clock.ts";
import { SourceError } from "../../lib/core/errors.ts";
import { streamKey, taskId } from "../../lib/core/names.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import type { RunObserver } from "../../lib/run/observer.ts";
import type { StreamPlan } from "../../lib/run/plan.ts";
import { inOneGo, runStreams, type StreamFeed } from "../../lib/run/run-streams.ts";
import type { Page } from "../../lib/source/task-source.ts";
import { sampleTask } from "../change/sample.ts";
import { chat, key, ops, stream } from "../checkpoint/sample.ts";
import { runUntilSettled } from "../harness/clock.ts";
import { accepted, busy, type ScriptedSink, scriptedSink } from "../harness/scripted-sink.ts";
import { streamHarness } from "../harness/stream.ts";
import { sinkSummary } from "../status/sample.ts";

/** So many streams of one source, and a run over them. */
function streams(count: number, sinks: readonly ScriptedSink[]) {
  const harness = streamHarness(sinks);
  const plans = Array.from({ length: count }, (_, index): StreamPlan => {
    const instance = { ...stream, instanceId: `i${index}` };
    const rules = { ...harness.plan.rules, stream: streamKey(instance) };
    return {
      ...harness.plan,
      stream: instance,
      rules: { ...rules, context: { ...rules.context, stream: instance } },
    };
  });
  const run = () => runStreams(inOneGo(plans), harness.context(), { signal: new AbortController().signal });
  return { ...harness, plans, run };
}

const page = (...tasks: readonly Task[]): Page => ({ tasks, skipped: [], clockSkewMs: 0, doubt: null });

const turns = async (): Promise<void> => {
  for (let count = 0; count < 50; count += 1) await turn();
};

describe("a run over many streams", () => {
  it("serves every stream at once while a sink hangs, on a cold start too", async () => {
    const healthy = scriptedSink(ops);
    const hanging = scriptedSink(
      chat,
      (_, signal) =>
        new Promise<DeliveryResult>((resolve) => signal.addEventListener("abort", () => resolve(busy))),
    );
    const { run, show, clock } = streams(3, [hanging, healthy]);
    show(sampleTask());
    const running = run();
    await turns();
    expect(healthy.accepted.map(({ data }) => data.instance.instanceId).sort()).toEqual(["i0", "i1", "i2"]);
    await runUntilSettled(clock, running);
  });

  it("reads the others while more streams than are read at once hang before or after their first page", async () => {
    const { run, source, clock, show } = streams(60, [scriptedSink(ops)]);
    show(sampleTask());
    const { list } = source;
    const hung = new Set<string>();
    source.list = async function* (...call) {
      const place = Number(call[0].instanceId.slice(1));
      if (place < 20) hung.add(call[0].instanceId);
      if (place < 10) await clock.sleep(62_000, new AbortController().signal);
      yield* list(...call);
      if (place >= 10 && place < 20) await clock.sleep(62_000, new AbortController().signal);
    };
    const running = run();
    await turns();
    await clock.advance(6_000);
    await turns();
    expect(hung.size).toBe(20);
    expect(source.begins).toHaveLength(50);
    await runUntilSettled(clock, running);
    expect(source.begins).toHaveLength(60);
  });

  it("reads sixteen streams at once, more as these do not answer for two seconds, and 256 at most", async () => {
    const { run, source, clock } = streams(300, [scriptedSink(ops)]);
    let begun = 0;
    source.list = async function* () {
      begun += 1;
      await clock.sleep(60_000, new AbortController().signal);
      yield page();
    };
    const running = run();
    await turns();
    expect(begun).toBe(16);
    await clock.advance(1_999);
    await turns();
    expect(begun).toBe(16);
    await clock.advance(1);
    await turns();
    expect(begun).toBe(32);
    for (let span = 0; span < 16; span += 1) {
      await clock.advance(2_000);
      await turns();
    }
    expect(begun).toBe(256);
    await runUntilSettled(clock, running);
    expect(begun).toBe(300);
  });

  it("waits for a stream that returns pages, however slowly it ends", async () => {
    const { run, source, clock } = streams(17, [scriptedSink(ops)]);
    let begun = 0;
    source.list = async function* () {
      begun += 1;
      for (let count = 0; count < 3; count += 1) {
        await clock.sleep(1_900, new AbortController().signal);
        yield page();
      }
    };
    const running = run();
    await turns();
    await clock.advance(5_600);
    await turns();
    expect(begun).toBe(16);
    await clock.advance(100);
    await turns();
    expect(begun).toBe(17);
    await runUntilSettled(clock, running);
  });

  it("shows each page to its observer, with its stream and the instance's name", async () => {
    const { plans, context, source } = streams(2, [scriptedSink(ops)]);
    const first = page();
    const second = page(sampleTask());
    source.list = async function* () {
      yield first;
      yield second;
    };
    const listed: unknown[] = [];
    const named = plans.map((plan) => {
      const of = { ...plan.rules.context, instanceName: `name of ${plan.stream.instanceId}` };
      return { ...plan, rules: { ...plan.rules, context: of } };
    });
    const observer: RunObserver = { listed: (...call) => void listed.push(call) };
    await runStreams(inOneGo(named), context({ observer }), { signal: new AbortController().signal });
    for (const [index, { rules }] of plans.entries()) {
      const name = `name of i${index}`;
      expect(listed).toContainEqual([rules.stream, name, first]);
      expect(listed).toContainEqual([rules.stream, name, second]);
    }
    expect(listed).toHaveLength(4);
  });

  it("tells of sources whose streams could not be planned, beside the streams that were", async () => {
    const { plans, context } = streams(1, [scriptedSink(ops)]);
    const error = new SourceError("unavailable", "no list of instances");
    const failedSources = [{ key: "rabbitmq/r/p/*", error }];
    const feed: StreamFeed = async (begin) => {
      await begin({ plans, failedSources });
      await begin({ plans: [], failedSources });
    };
    const summary = await runStreams(feed, context(), { signal: new AbortController().signal });
    expect(summary.streams.map((each) => [each.key, each.error?.message])).toEqual([
      [plans[0]?.rules.stream, undefined],
      ["rabbitmq/r/p/*", "no list of instances"],
      ["rabbitmq/r/p/*", "no list of instances"],
    ]);
  });

  it("leaves no timer behind", async () => {
    const sink = scriptedSink(ops);
    const { plans, context, clock, show } = streams(2, [sink]);
    sink.answer = async () => {
      await clock.sleep(1_000, new AbortController().signal);
      return accepted;
    };
    show(sampleTask());
    let sleepers = 0;
    const counted: Clock = {
      now: clock.now,
      async sleep(ms, signal) {
        sleepers += 1;
        await clock.sleep(ms, signal);
        sleepers -= 1;
      },
    };
    for (const dueMs of [0, 60_000]) {
      const time = { nextMs: clock.now() + dueMs, followForMs: 54_000 };
      const running = runStreams(inOneGo(plans), context({ clock: counted }), {
        signal: new AbortController().signal,
        ...time,
      });
      await runUntilSettled(clock, running);
      await turns();
      expect(sleepers).toBe(0);
      show(sampleTask({ status: "SUCCESS", updatedAtMs: clock.now() }));
    }
    expect(sink.accepted).toHaveLength(4);
  });

  it("serves a stream once that several feeds name, and begins before every feed has ended", async () => {
    const { plans, context, source, clock } = streams(3, [scriptedSink(ops)]);
    const late: StreamFeed = async (begin) => {
      await clock.sleep(30_000, new AbortController().signal);
      await begin({ plans, failedSources: [] });
    };
    const both: StreamFeed = (begin) =>
      Promise.all([late(begin), inOneGo(plans.slice(0, 2))(begin)]).then(() => {});
    const running = runStreams(both, context(), {
      signal: new AbortController().signal,
    });
    await turns();
    expect(source.begins).toHaveLength(2);
    const { streams: served } = await runUntilSettled(clock, running);
    expect(served.map(({ key }) => key)).toEqual(plans.map(({ rules }) => rules.stream));
    expect(source.begins).toHaveLength(3);
  });

  it("ends a stream with its own defect, and serves the others", async () => {
    const sink = scriptedSink(ops);
    const { run, show, source, clock } = streams(3, [sink]);
    show(sampleTask());
    const list = source.list;
    source.list = (stream, ...rest) => {
      if (stream.instanceId === "i1") throw new TypeError("https://secret.example.com");
      return list(stream, ...rest);
    };
    const summary = await runUntilSettled(clock, run());
    expect(sink.accepted).toHaveLength(2);
    const message = expect.stringMatching(/^an unexpected TypeError/);
    expect(summary.streams.map(({ error }) => error)).toMatchObject([
      null,
      { code: "DEFECT", message },
      null,
    ]);
    expect(JSON.stringify(summary)).not.toContain("secret");
  });

  it("ends a stream with the defect of its store, and serves the others", async () => {
    const sink = scriptedSink(ops);
    const { run, show, checkpoints, plans, clock } = streams(2, [sink]);
    show(sampleTask());
    const load = checkpoints.load;
    checkpoints.load = async (stream) => {
      if (stream === plans[0]?.rules.stream) throw new RangeError("Maximum call stack size exceeded");
      return load(stream);
    };
    const summary = await runUntilSettled(clock, run());
    expect(sink.accepted).toHaveLength(1);
    expect(summary.streams.map(({ error }) => error?.code)).toEqual(["DEFECT", undefined]);
  });

  describe("with a sink of digests", () => {
    const digests = () => {
      const sink = scriptedSink(chat, undefined, { maxEvents: 100, maxBytes: 1e6, digestAbove: 3 });
      const sizes: number[] = [];
      const { deliver } = sink;
      sink.deliver = (events, options) => {
        sizes.push(events.length);
        return deliver(events, options);
      };
      return { sink, sizes };
    };
    const changed = (harness: ReturnType<typeof streams>) => {
      const list = harness.source.list;
      harness.source.list = async function* (...call) {
        const [{ instanceId }] = call;
        yield* list(...call);
        yield page(sampleTask({ id: taskId(`t-${instanceId}`) }));
      };
      return harness;
    };

    it("tells a burst over many instances as one digest", async () => {
      const { sink, sizes } = digests();
      const { run, memory, plans } = changed(streams(50, [sink]));
      const summary = await run();
      expect(sizes).toEqual([50]);
      expect(summary.sinks[chat]).toMatchObject({ accepted: 50, pending: 0 });
      const records = await Promise.all(plans.map(({ rules }) => memory.load(rules.stream)));
      expect(records.every((record) => record?.checkpoint.outbox.length === 0)).toBe(true);
    });

    it("lets it wait no longer than five seconds for an instance that does not answer", async () => {
      const { sink, sizes } = digests();
      const harness = changed(streams(20, [sink]));
      const { list } = harness.source;
      harness.source.list = async function* (...call) {
        if (call[0].instanceId === "i7") await harness.clock.sleep(60_000, new AbortController().signal);
        yield* list(...call);
      };
      const running = harness.run();
      await turns();
      await harness.clock.advance(4_900);
      expect(sizes).toEqual([]);
      await harness.clock.advance(100);
      await turns();
      expect(sizes).toEqual([19]);
      await runUntilSettled(harness.clock, running);
      expect(sizes).toEqual([19, 1]);
    });
  });

  it("reads ahead of a sink that hangs as far as it can keep, and then lets those leave that deliver for longest", async () => {
    const hanging = scriptedSink(
      ops,
      (_, signal) =>
        new Promise<DeliveryResult>((resolve) => signal.addEventListener("abort", () => resolve(busy))),
    );
    const { run, show, source, clock } = streams(180, [hanging]);
    const params = "x".repeat(5_500);
    for (let count = 0; count < 50; count += 1) show(sampleTask({ id: taskId(`t${count}`), params }));
    const running = run();
    for (let count = 0; count < 30; count += 1) await turns();
    // About 300 KB each, in 32 MB, and those that were being read then.
    const readMost = source.begins.length;
    expect(readMost).toBeGreaterThanOrEqual(100);
    expect(readMost).toBeLessThanOrEqual(125);
    await clock.advance(5_999);
    for (let count = 0; count < 5; count += 1) await turns();
    expect(source.begins).toHaveLength(readMost);
    await clock.advance(1);
    for (let count = 0; count < 30; count += 1) await turns();
    expect(source.begins).toHaveLength(180);
    const summary = await runUntilSettled(clock, running);
    expect(summary.sinks[ops]).toMatchObject({ pending: 9_000, deadLettered: 0 });
  });

  it("reads every stream at once while a slow sink is owed thousands of events", async () => {
    const hanging = scriptedSink(
      ops,
      (_, signal) =>
        new Promise<DeliveryResult>((resolve) => signal.addEventListener("abort", () => resolve(busy))),
    );
    const { run, show, source, clock } = streams(300, [hanging]);
    for (let count = 0; count < 20; count += 1) show(sampleTask({ id: taskId(`t${count}`) }));
    const running = run();
    for (let count = 0; count < 60; count += 1) await turns();
    expect(source.begins).toHaveLength(300);
    await runUntilSettled(clock, running);
  });

  it("ends for the next run when that is due, after six seconds at least, and leaves it what a slow sink is owed", async () => {
    const slow = scriptedSink(ops);
    const { show, context, plans, clock, memory } = streams(1, [slow]);
    slow.answer = async () => {
      await clock.sleep(1_000, new AbortController().signal);
      return accepted;
    };
    for (let count = 0; count < 100; count += 1) show(sampleTask({ id: taskId(`t${count}`) }));
    const lastsMs = async (
      nextMs: number,
      followed: { readonly followForMs?: number } = {},
    ): Promise<number> => {
      const startedMs = clock.now();
      const options = { signal: new AbortController().signal, nextMs: startedMs + nextMs, ...followed };
      await runUntilSettled(clock, runStreams(inOneGo(plans), context(), options));
      return clock.now() - startedMs;
    };
    expect(await lastsMs(10_000)).toBe(10_000);
    expect((await memory.load(plans[0]?.rules.stream ?? key))?.checkpoint).toMatchObject({ lease: null });
    expect(await lastsMs(0)).toBe(6_000);
    // The end of following is not the end of delivering.
    expect(await lastsMs(60_000, { followForMs: 2_000 })).toBe(9_000);
    expect(slow.accepted).toHaveLength(100);
  });

  it("says why a sink's deliveries wait, in its own words", async () => {
    const { run, show, clock } = streams(1, [scriptedSink(ops, () => busy), scriptedSink(chat)]);
    show(sampleTask());
    const running = run();
    await runUntilSettled(clock, running);
    expect((await running).sinks).toMatchObject({
      ops: { retrying: 1, state: "failing", reason: "server_error", message: "HTTP 503" },
      chat: { accepted: 1, state: "healthy", message: null },
    });
  });

  it("counts what waits beside the records as pending", async () => {
    const sink = scriptedSink(ops, () => busy);
    const { run, show, clock, plans, memory } = streams(2, [sink]);
    for (let count = 0; count < 900; count += 1) show(sampleTask({ id: taskId(`t${count}`) }));
    const summary = await runUntilSettled(clock, run());
    const records = await Promise.all(plans.map(({ rules }) => memory.load(rules.stream)));
    expect(records.every((record) => (record?.checkpoint.parked.size ?? 0) > 0)).toBe(true);
    expect(summary.sinks[ops]).toMatchObject({ pending: 1_800, deadLettered: 0 });
  });

  it("counts what waits beside the records for a removed sink as given up, under its name, once", async () => {
    const { run, show, clock, plans, plan, memory, context } = streams(2, [scriptedSink(ops, () => busy)]);
    for (let count = 0; count < 900; count += 1) show(sampleTask({ id: taskId(`t${count}`) }));
    await runUntilSettled(clock, run());
    const parked = async () =>
      Promise.all(
        plans.map(async ({ rules }) => (await memory.load(rules.stream))?.checkpoint.parked.size ?? 0),
      );
    expect(await parked()).toEqual([1, 1]);
    (plan.rules.policies as Map<unknown, unknown>).clear();
    (plan.rules.filters as Map<unknown, unknown>).clear();
    const without = () =>
      runStreams(inOneGo(plans), context({ dispatchers: new Map() }), {
        signal: new AbortController().signal,
      });
    expect((await runUntilSettled(clock, without())).sinks).toMatchObject({
      [ops]: {
        state: "removed",
        deadLettered: 1_800,
        pending: 0,
        action: expect.stringContaining("redrive"),
      },
    });
    expect(await parked()).toEqual([0, 0]);
    expect((await runUntilSettled(clock, without())).sinks).toEqual({});
  });

  it("tells a stream that cannot be read, and goes on with the others", async () => {
    const sink = scriptedSink(ops);
    const { run, show, source } = streams(3, [sink]);
    show(sampleTask());
    const list = source.list;
    source.list = (instance, ...call) => {
      if (instance.instanceId === "i1") throw new SourceError("not_found", "no such instance");
      return list(instance, ...call);
    };
    const summary = await run();
    expect(summary.streams.map(({ error }) => error)).toEqual([
      null,
      {
        code: "not_found",
        message: "no such instance",
        httpStatus: null,
        since: expect.any(String),
        action: expect.stringContaining("instance id"),
      },
      null,
    ]);
    expect(summary.sinks).toEqual({ ops: sinkSummary({ accepted: 2 }) });
  });
});
