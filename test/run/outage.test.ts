import { describe, expect, it } from "vitest";
import { SourceError } from "../../lib/core/errors.ts";
import { createdMs, sampleTask } from "../change/sample.ts";
import { ops } from "../checkpoint/sample.ts";
import { runUntilSettled } from "../harness/clock.ts";
import { type ScriptedSink, scriptedSink } from "../harness/scripted-sink.ts";
import { streamHarness } from "../harness/stream.ts";

const minuteMs = 60_000;
const told = (sink: ScriptedSink) => sink.accepted.map(({ type }) => type.split(".").slice(-2).join("."));

/** A harness whose API can be switched off. */
function setUp(unreadableAfterMs: number | null) {
  const sink = scriptedSink(ops);
  const each = streamHarness([sink], { unreadableAfterMs });
  const { list } = each.source;
  let why: SourceError | null = null;
  each.source.list = (...call) => {
    if (why) throw why;
    return list(...call);
  };
  const at = async (minutes: number, error: SourceError | null) => {
    why = error;
    each.clock.set(createdMs + minutes * minuteMs);
    await each.run();
    return each.record();
  };
  return { ...each, sink, at };
}

const down = new SourceError("unavailable", "HTTP 503: busy", { api: { status: 503, code: null } });
const denied = new SourceError("forbidden", "HTTP 403", { api: { status: 403, code: null } });

describe("a stream that cannot be read", () => {
  it("has in its record since when and why, from the first failure until it is read", async () => {
    const { at } = setUp(null);
    expect((await at(0, null))?.outage).toBeNull();
    const outage = { code: "unavailable", message: "HTTP 503: busy", httpStatus: 503, emittedMs: null };
    expect((await at(1, down))?.outage).toEqual({ ...outage, sinceMs: createdMs + minuteMs });
    expect((await at(2, denied))?.outage).toMatchObject({
      code: "forbidden",
      sinceMs: createdMs + minuteMs,
    });
    expect((await at(3, null))?.outage).toBeNull();
  });

  it("costs one write when it begins and one when it ends", async () => {
    const { at, memory } = setUp(null);
    await at(0, null);
    const { commit } = memory;
    let commits = 0;
    memory.commit = (...call) => {
      commits += 1;
      return commit(...call);
    };
    for (const minutes of [1, 2, 3, 4]) await at(minutes, down);
    expect(commits).toBe(1);
    for (const minutes of [5, 6]) await at(minutes, null);
    expect(commits).toBe(2);
  });

  it("is told once when it lasts too long, and once when it can be read again", async () => {
    const { at, sink } = setUp(10 * minuteMs);
    await at(0, null);
    for (const minutes of [1, 5, 10]) await at(minutes, down);
    expect(told(sink)).toEqual([]);
    for (const minutes of [11, 12, 30]) await at(minutes, minutes === 12 ? denied : down);
    expect(told(sink)).toEqual(["stream.unreadable"]);
    for (const minutes of [31, 32]) await at(minutes, null);
    expect(told(sink)).toEqual(["stream.unreadable", "stream.recovered"]);
    const [first, second] = sink.accepted;
    expect([first?.id, second?.id]).toEqual(
      ["UNREADABLE", "RECOVERED"].map(
        (to) => `i1/reading-${createdMs + minuteMs}/${to}/${createdMs + minuteMs}`,
      ),
    );
    expect(first?.subject).toBe(second?.subject);
    expect(second?.data.change).toMatchObject({ from: "UNREADABLE", durationMs: 30 * minuteMs });
    expect(first?.data.task.params).toEqual({
      code: "unavailable",
      message: "HTTP 503: busy",
      httpStatus: 503,
    });
  });

  it("is not told when it is short, nor where no limit is set", async () => {
    for (const [limitMs, minutes] of [
      [10 * minuteMs, 9],
      [null, 600],
    ] as const) {
      const { at, sink } = setUp(limitMs);
      await at(0, null);
      await at(1, down);
      await at(minutes, down);
      await at(minutes + 1, null);
      expect(told(sink)).toEqual([]);
    }
  });

  it("has its events in order with those of tasks, and the next outage has events of its own", async () => {
    const { at, sink, show } = setUp(10 * minuteMs);
    await at(0, null);
    for (const minutes of [1, 11]) await at(minutes, down);
    show(sampleTask());
    await at(12, null);
    for (const minutes of [20, 30]) await at(minutes, down);
    await at(31, null);
    expect(told(sink)).toEqual([
      "stream.unreadable",
      "stream.recovered",
      "task.executing",
      "stream.unreadable",
      "stream.recovered",
    ]);
    expect(new Set(sink.accepted.map(({ id }) => id)).size).toBe(5);
  });

  it("is not told by a run that is stopped before it reads", async () => {
    const { at, begin, clock, sink } = setUp(10 * minuteMs);
    await at(0, null);
    await at(1, down);
    clock.set(createdMs + 60 * minuteMs);
    const stopped = new AbortController();
    stopped.abort();
    await runUntilSettled(clock, begin({}, stopped.signal));
    expect(told(sink)).toEqual([]);
    await at(61, null);
    expect(told(sink)).toEqual([]);
  });

  it("is told by one of two runs that overlap", async () => {
    const { at, run, sink, clock } = setUp(10 * minuteMs);
    await at(0, null);
    await at(1, down);
    clock.set(createdMs + 11 * minuteMs);
    await Promise.all([run(), run()]);
    expect(told(sink)).toEqual(["stream.unreadable"]);
  });
});
