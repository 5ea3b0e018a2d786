import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { SourceError, StoreError } from "../../lib/core/errors.ts";
import { streamKey, taskId } from "../../lib/core/names.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { runStream } from "../../lib/run/run-stream.ts";
import { inOneGo, type RunOptions, runStreams } from "../../lib/run/run-streams.ts";
import { lookBudgets } from "../../lib/source/look-budget.ts";
import { createdMs, sampleTask } from "../change/sample.ts";
import { chat, ops } from "../checkpoint/sample.ts";
import { type ManualClock, runUntilSettled } from "../harness/clock.ts";
import { accepted, busy, type ScriptedSink, scriptedSink } from "../harness/scripted-sink.ts";
import { streamHarness } from "../harness/stream.ts";

const secondMs = 1_000;
const everyMs = 5 * secondMs;
const open = sampleTask({ status: "EXECUTING" });
const ended = sampleTask({ status: "SUCCESS", updatedAtMs: createdMs + 12 * secondMs });

/** A stream that is followed for 54 seconds, its looks' instants in seconds, and runs over it. */
function followed(sinks: readonly ScriptedSink[] = [scriptedSink(ops)], callsPerMinute = 600) {
  const harness = streamHarness(sinks);
  const { clock, source } = harness;
  const budget = lookBudgets(clock, callsPerMinute)("key");
  const plan = { ...harness.plan, follow: { everyMs, budget, followed: new Map() } };
  const lookedAt: number[] = [];
  const { list } = source;
  source.list = (...call) => {
    lookedAt.push((clock.now() - createdMs) / secondMs);
    return list(...call);
  };
  const begin = (options: Partial<RunOptions> = {}) =>
    runStreams(inOneGo([plan]), harness.context({ random: () => 0 }), {
      signal: new AbortController().signal,
      followForMs: 54 * secondMs,
      ...options,
    });
  return {
    ...harness,
    plan,
    budget,
    lookedAt,
    begin,
    run: (options?: Partial<RunOptions>) => settled(clock, begin(options)),
  };
}

const settled = runUntilSettled;

const untilCutOff = (signal: AbortSignal): Promise<DeliveryResult> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(busy)));

const at = async (clock: ManualClock, seconds: number): Promise<void> => {
  while (clock.now() < createdMs + seconds * secondMs) {
    for (let count = 0; count < 5; count += 1) await turn();
    await clock.advance(100);
  }
};

describe("a followed stream", () => {
  it("is read again every five seconds until its task ends, and its end is delivered at once", async () => {
    const sink = scriptedSink(ops);
    const { clock, lookedAt, begin, show } = followed([sink]);
    show(open);
    const running = begin();
    await at(clock, 12);
    show(ended);
    const summary = await settled(clock, running);
    expect(lookedAt).toEqual([0, 5, 10, 15]);
    expect(sink.accepted.map(({ data }) => data.change.to)).toEqual(["EXECUTING", "SUCCESS"]);
    expect(summary.streams[0]).toMatchObject({ changes: 2, error: null });
    expect(summary.durationMs).toBeLessThan(17 * secondMs);
  });

  it("costs one request when no task is open, and writes nothing while nothing changes", async () => {
    const { commits, lookedAt, run, show } = followed();
    show(ended);
    await run();
    expect(lookedAt).toEqual([0]);
    show(sampleTask({ id: taskId("other"), status: "EXECUTING" }));
    await run();
    const before = commits.length;
    await run();
    expect(lookedAt.length).toBeGreaterThan(20);
    expect(commits.length).toBe(before);
  });

  it("is left when the run's time is up, and when the run is stopped", async () => {
    const { clock, lookedAt, begin, show } = followed();
    show(open);
    const summary = await settled(clock, begin());
    expect(lookedAt).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50]);
    expect(summary.durationMs).toBeLessThanOrEqual(51 * secondMs);
    const stop = new AbortController();
    const running = begin({ signal: stop.signal });
    await at(clock, (summary.durationMs + 7_000) / secondMs);
    stop.abort();
    expect((await settled(clock, running)).durationMs).toBeLessThan(8 * secondMs);
  });

  it("is read once where the run has no time for it", async () => {
    const { clock, lookedAt, begin, show } = followed();
    show(open);
    await settled(clock, begin({ followForMs: 3 * secondMs }));
    expect(lookedAt).toEqual([0]);
  });

  it("tells one sink of its end in time while another hangs", async () => {
    const healthy = scriptedSink(ops);
    const hanging = scriptedSink(chat, (_, signal) => untilCutOff(signal));
    const { clock, begin, show } = followed([hanging, healthy]);
    show(open);
    const running = begin();
    await at(clock, 12);
    show(ended);
    await at(clock, 16);
    expect(healthy.accepted.map(({ data }) => data.change.to)).toEqual(["EXECUTING", "SUCCESS"]);
    await settled(clock, running);
  });

  it("renews its lease with each time that it delivers, so that a crash is waited for as briefly as ever", async () => {
    const hanging = scriptedSink(ops, (event, signal) =>
      event.data.change.to === "SUCCESS" ? untilCutOff(signal) : accepted,
    );
    const { clock, begin, show, record } = followed([hanging]);
    show(open);
    const running = begin();
    await at(clock, 6);
    expect((await record())?.lease).toBeNull();
    await at(clock, 38);
    show(ended);
    await at(clock, 40.3);
    expect((await record())?.lease?.untilMs).toBe(createdMs + 71 * secondMs);
    await settled(clock, running);
    expect((await record())?.lease).toBeNull();
  });

  it("is looked at less often after each failure, and the run still succeeds", async () => {
    const { clock, source, lookedAt, begin, show } = followed();
    show(open);
    const running = begin();
    await at(clock, 1);
    source.failure = new SourceError("unavailable", "no answer");
    const summary = await settled(clock, running);
    expect(lookedAt).toEqual([0, 5, 15, 35]);
    expect(summary.streams[0]?.error).toBeNull();
  });

  it("is read once in a run that could not read it at first", async () => {
    const { source, lookedAt, run, show } = followed();
    show(open);
    await run();
    lookedAt.length = 0;
    source.failure = new SourceError("unavailable", "no answer");
    await run();
    expect(lookedAt).toHaveLength(1);
  });

  it("is left to the next run once its record cannot be committed", async () => {
    const { clock, memory, lookedAt, begin, show } = followed();
    show(open);
    const running = begin();
    await at(clock, 7);
    const { commit } = memory;
    memory.commit = () => Promise.reject(new StoreError("unavailable", "disk full"));
    show(ended);
    const summary = await settled(clock, running);
    expect(summary.streams[0]).toMatchObject({ error: { message: "disk full" } });
    expect(lookedAt).toEqual([0, 5, 10]);
    memory.commit = commit;
    show(sampleTask({ id: taskId("other"), status: "EXECUTING" }));
    await settled(clock, begin({ followForMs: 8 * secondMs }));
    expect(lookedAt).toHaveLength(5);
  });

  it("is asked for no more once the record of its deliveries cannot be committed", async () => {
    const slow = scriptedSink(ops, async (_, signal) => {
      await clock.sleep(7 * secondMs, signal);
      return accepted;
    });
    const { clock, plan, context, memory, lookedAt, show } = followed([slow]);
    show(open);
    const { signal } = new AbortController();
    const time = { untilMs: createdMs + 54 * secondMs, over: signal };
    const running = runStream(plan, context({ random: () => 0 }), { signal }, {}, time);
    await at(clock, 6);
    memory.commit = () => Promise.reject(new StoreError("unavailable", "disk full"));
    expect((await settled(clock, running)).error).toMatchObject({ message: "disk full" });
    await at(clock, 20);
    expect(lookedAt).toEqual([0, 5]);
  });

  it("leaves room to read the others while it waits for its next look", async () => {
    const { clock, plan, context, lookedAt, show } = followed();
    const plans = Array.from({ length: 20 }, (_, index) => {
      const stream = { ...plan.stream, instanceId: `i${index}` };
      return { ...plan, stream, rules: { ...plan.rules, stream: streamKey(stream) } };
    });
    const begin = (followForMs: number) =>
      runStreams(inOneGo(plans), context(), { signal: new AbortController().signal, followForMs });
    show(open);
    await settled(clock, begin(0));
    lookedAt.length = 0;
    const running = begin(20 * secondMs);
    for (let count = 0; count < 50; count += 1) await turn();
    expect(lookedAt).toHaveLength(20);
    await settled(clock, running);
  });

  it("has a change committed only where five seconds are left to deliver it, and else with the next lease", async () => {
    for (const [endsAt, seenAt, committedAt] of [
      [17, 20, 20],
      [22, 25, 30],
    ] as const) {
      const hanging = scriptedSink(ops, (_, signal) => untilCutOff(signal));
      const { clock, begin, show, record, lookedAt } = followed([hanging]);
      const known = async () => [...((await record())?.known.values() ?? [])].map(({ status }) => status);
      show(open);
      const running = begin();
      await at(clock, endsAt);
      show(ended);
      await at(clock, committedAt - 0.5);
      expect(lookedAt.at(-1)).toBe(committedAt === seenAt ? seenAt - 5 : seenAt);
      expect(await known()).toEqual(["EXECUTING"]);
      await at(clock, committedAt + 0.5);
      expect(await known()).toEqual(["SUCCESS"]);
      await settled(clock, running);
    }
  });

  it("is looked at by the age of its task on the API's clock", async () => {
    const { source, lookedAt, run, show } = followed();
    const createdAtMs = createdMs + 50 * 60 * secondMs;
    source.clockSkewMs = 60 * 60 * secondMs;
    show(sampleTask({ createdAtMs, updatedAtMs: createdAtMs }));
    await run();
    // After a sixtieth of ten minutes.
    expect(lookedAt.slice(0, 2)).toEqual([0, 10]);
  });

  it("pauses with all streams of its key while the API throttles", async () => {
    const { clock, source, lookedAt, begin, show } = followed();
    show(open);
    const running = begin();
    await at(clock, 1);
    source.failure = new SourceError("throttled", "too many", { retryAfterMs: 30 * secondMs });
    await at(clock, 6);
    source.failure = null;
    await settled(clock, running);
    expect(lookedAt).toEqual([0, 5, 35, 40, 45, 50]);
  });

  it("waits for the budget of its key", async () => {
    const { lookedAt, run, show } = followed([scriptedSink(ops)], 2);
    show(open);
    await run();
    expect(lookedAt).toEqual([0, 5, 35]);
  });

  it("is followed no longer than its time when the clock is put back, and ends early when it is put ahead", async () => {
    const back = followed();
    back.show(open);
    let running = back.begin();
    await at(back.clock, 3);
    back.clock.set(createdMs - 3_600 * secondMs);
    const startMs = back.clock.now();
    await settled(back.clock, running);
    expect(back.clock.now() - startMs).toBeLessThan(53 * secondMs);
    const ahead = followed();
    ahead.show(open);
    running = ahead.begin();
    await at(ahead.clock, 3);
    ahead.clock.set(createdMs + 3_600 * secondMs);
    await settled(ahead.clock, running);
    expect(ahead.clock.now()).toBeLessThan(createdMs + 3_610 * secondMs);
  });

  it("is looked at by one of two runs that overlap in a process", async () => {
    const { clock, lookedAt, begin, show } = followed();
    show(open);
    const first = begin({ followForMs: 20 * secondMs });
    await at(clock, 1);
    const second = begin({ followForMs: 20 * secondMs });
    await settled(clock, Promise.all([first, second]));
    expect(lookedAt).toEqual([0, 1, 5, 10, 15]);
  });

  it("leaves when its watch's next run is due, though a sink hangs", async () => {
    const { clock, begin, show } = followed([scriptedSink(ops, (_, signal) => untilCutOff(signal))]);
    show(open);
    const due = { nextMs: createdMs + 20 * secondMs, followForMs: 60 * secondMs };
    expect((await settled(clock, begin(due))).durationMs).toBeLessThanOrEqual(31 * secondMs);
  });

  it("leaves when its watch's next run is due", async () => {
    const { clock, begin, show } = followed();
    show(open);
    const summary = await settled(
      clock,
      begin({ nextMs: createdMs + 20 * secondMs, followForMs: 60 * secondMs }),
    );
    expect(summary.durationMs).toBeLessThanOrEqual(21 * secondMs);
  });
});
