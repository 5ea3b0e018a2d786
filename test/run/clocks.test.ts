import { describe, expect, it } from "vitest";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { SourceError } from "../../lib/core/errors.ts";
import { runId, taskId } from "../../lib/core/names.ts";
import type { Log } from "../../lib/telemetry/log.ts";
import { createdMs, sampleTask } from "../change/sample.ts";
import { ops } from "../checkpoint/sample.ts";
import { accepted, busy, type ScriptedSink, scriptedSink } from "../harness/scripted-sink.ts";
import { patience, streamHarness } from "../harness/stream.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const farMs = Date.UTC(2099, 0, 1);
const task = (id: string, status = "EXECUTING", createdAtMs = createdMs, updatedAtMs = createdAtMs) =>
  sampleTask({ id: taskId(id), status, createdAtMs, updatedAtMs });
const told = (sink: ScriptedSink) => sink.accepted.map(({ subject, data }) => `${subject} ${data.change.to}`);
const logged = () => {
  const lines: string[] = [];
  const log: Log = (_, message) => void lines.push(message);
  return { log, lines };
};

/** A harness whose record a test can change behind the run's back. */
function setUp(sinks: readonly ScriptedSink[]) {
  const each = streamHarness(sinks);
  const rewrite = async (change: (checkpoint: Checkpoint) => Checkpoint): Promise<void> => {
    const { stream } = each.plan.rules;
    const stored = await each.memory.load(stream);
    if (!stored) throw new Error("the stream has no record");
    await each.memory.commit(stream, change(stored.checkpoint), stored.version);
  };
  return { ...each, rewrite };
}

describe("a clock that was ahead once", () => {
  it.each([1, 6, 8, 365])(
    "by %i days in the first run costs no task, and stores nothing of the future",
    async (days) => {
      const sink = scriptedSink(ops);
      const { run, show, record, clock, source } = streamHarness([sink], { startFrom: "now" });
      clock.set(createdMs + days * dayMs);
      source.clockSkewMs = -days * dayMs;
      show(task("ended", "SUCCESS", createdMs - hourMs), task("open", "EXECUTING", createdMs - 5 * dayMs));
      await run();
      const first = await record();
      expect(first?.watermarkMs).toBeLessThanOrEqual(createdMs - 5 * dayMs);
      expect(first?.baselineMs).toBeNull();
      clock.set(createdMs + minuteMs);
      source.clockSkewMs = 0;
      show(
        task("open", "FAILED", createdMs - 5 * dayMs, createdMs + 1),
        task("new", "SUCCESS", createdMs + 1),
      );
      await run();
      expect(told(sink)).toEqual(["open EXECUTING", "open FAILED", "new SUCCESS"]);
    },
  );

  it("in a first run that could not list stores no baseline that would silence what ends later", async () => {
    const sink = scriptedSink(ops);
    const { run, show, clock, source } = streamHarness([sink], { startFrom: "now" });
    clock.set(createdMs + 30 * dayMs);
    source.failure = new SourceError("unavailable", "down");
    await run();
    clock.set(createdMs);
    await run();
    source.failure = null;
    await clock.advance(minuteMs);
    show(task("a", "SUCCESS", createdMs + 1_000));
    await run();
    expect(told(sink)).toEqual(["a SUCCESS"]);
  });

  it("makes nobody wait: neither for its retry, nor for its pause, nor for its fence", async () => {
    const sink = scriptedSink(ops, () => ({ ...busy, retryAfterMs: 30 * minuteMs }));
    const { run, show, clock, rewrite } = setUp([sink]);
    clock.set(createdMs + 30 * dayMs);
    show(task("a"));
    await run();
    clock.set(createdMs + minuteMs);
    sink.answer = () => accepted;
    await run();
    expect(told(sink)).toEqual(["a EXECUTING"]);
    await rewrite((checkpoint) => ({
      ...checkpoint,
      lease: { run: runId("dead"), untilMs: createdMs + 30 * dayMs },
    }));
    show(task("b"));
    await run();
    expect(told(sink)).toEqual(["a EXECUTING", "b EXECUTING"]);
  });

  it("lets an event age from the moment it is seen, not from the future", async () => {
    const sink = scriptedSink(ops, () => busy);
    const policies = new Map([[ops, { ...patience, maxAgeMs: hourMs }]]);
    const { run, show, clock, deadLetters } = streamHarness([sink], { policies });
    clock.set(createdMs + 30 * dayMs);
    show(task("a"));
    await run();
    clock.set(createdMs);
    await run();
    expect(await deadLetters.list({})).toEqual([]);
    await clock.advance(2 * hourMs);
    await run({ dispatchers: new Map() });
    expect(await deadLetters.list({})).toMatchObject([{ reason: "too_old" }]);
  });

  it.each(["lists", "refuses the signature"])(
    "gives nothing up as too old, where the API %s and its Date tells the time",
    async (answer) => {
      const sink = scriptedSink(ops, () => busy);
      const policies = new Map([[ops, { ...patience, maxAgeMs: hourMs }]]);
      const { run, show, clock, source, deadLetters } = streamHarness([sink], { policies });
      show(task("a"));
      await run();
      clock.set(createdMs + 30 * dayMs);
      source.clockSkewMs = -30 * dayMs;
      if (answer !== "lists")
        source.failure = new SourceError("unauthorized", "refused", { clockSkewMs: -30 * dayMs });
      await run();
      expect(await deadLetters.list({})).toEqual([]);
      sink.answer = () => accepted;
      clock.set(createdMs + 2 * minuteMs);
      source.clockSkewMs = 0;
      source.failure = null;
      await run();
      expect(told(sink)).toEqual(["a EXECUTING"]);
    },
  );

  it("gives nothing up as too old in a stream that only delivers, until an answer to another confirms the time", async () => {
    const sink = scriptedSink(ops, () => busy);
    const policies = new Map([[ops, { ...patience, maxAgeMs: hourMs }]]);
    const { run, show, clock, plan, deadLetters } = streamHarness([sink], { policies });
    show(task("a"));
    await run();
    Object.assign(plan, { source: null });
    clock.set(createdMs + 30 * dayMs);
    await run();
    await run({ clockSkewMs: () => -30 * dayMs });
    expect(await deadLetters.list({})).toEqual([]);
    await run({ clockSkewMs: () => 0 });
    expect(await deadLetters.list({})).toMatchObject([{ reason: "too_old" }]);
  });

  it("gives up what is too old where the Date of a refusal confirms the time", async () => {
    const sink = scriptedSink(ops, () => busy);
    const policies = new Map([[ops, { ...patience, maxAgeMs: hourMs }]]);
    const { run, show, clock, source, deadLetters } = streamHarness([sink], { policies });
    show(task("a"));
    await run();
    await clock.advance(2 * hourMs);
    source.failure = new SourceError("unauthorized", "refused");
    await run();
    expect(await deadLetters.list({})).toEqual([]);
    source.failure = new SourceError("unauthorized", "refused", { clockSkewMs: 0 });
    await run();
    expect(await deadLetters.list({})).toMatchObject([{ reason: "too_old" }]);
  });

  it("has its watermark said and set right", async () => {
    const sink = scriptedSink(ops);
    const { run, show, record, rewrite } = setUp([sink]);
    show(task("a", "SUCCESS"));
    await run();
    await rewrite((checkpoint) => ({ ...checkpoint, watermarkMs: createdMs + 30 * dayMs }));
    show(task("b", "SUCCESS", createdMs + 1));
    const { log, lines } = logged();
    await run({ log });
    expect(lines).toContain("the watermark was ahead of the API's clock; moved back");
    expect(told(sink)).toContain("b SUCCESS");
    expect((await record())?.watermarkMs).toBeLessThanOrEqual(createdMs);
  });
});

describe("a clock that was behind once", () => {
  it("gives nothing up as too old once it is right again", async () => {
    const sink = scriptedSink(ops, () => busy);
    const policies = new Map([[ops, { ...patience, maxAgeMs: hourMs }]]);
    const { run, show, clock, source, deadLetters } = streamHarness([sink], { policies });
    clock.set(createdMs - 30 * dayMs);
    source.clockSkewMs = 30 * dayMs;
    show(task("a"));
    await run();
    clock.set(createdMs + minuteMs);
    source.clockSkewMs = 0;
    sink.answer = () => accepted;
    await run();
    expect(await deadLetters.list({})).toEqual([]);
    expect(told(sink)).toEqual(["a EXECUTING"]);
  });
});

describe("a clock that is behind for one run that the API refuses", () => {
  it("makes no event old that was committed before it", async () => {
    const sink = scriptedSink(ops, () => busy);
    const policies = new Map([[ops, { ...patience, maxAgeMs: hourMs }]]);
    const { run, show, clock, source, deadLetters } = streamHarness([sink], { policies });
    show(task("a"));
    await run();
    clock.set(createdMs - 30 * dayMs);
    source.failure = new SourceError("unauthorized", "refused", { clockSkewMs: 30 * dayMs });
    await run();
    clock.set(createdMs + minuteMs);
    source.failure = null;
    sink.answer = () => accepted;
    await run();
    expect(await deadLetters.list({})).toEqual([]);
    expect(told(sink)).toEqual(["a EXECUTING"]);
  });
});

describe("a clock that jumps ahead within a run", () => {
  const aged = () => {
    const sink = scriptedSink(ops, () => busy);
    const harness = streamHarness([sink]);
    const jump = (): void => harness.clock.set(harness.clock.now() + 30 * dayMs);
    return { ...harness, sink, jump };
  };

  it("while a sink is asked ages no event that is owed to it", async () => {
    const { run, show, sink, jump, deadLetters } = aged();
    show(task("a"), task("b"));
    sink.answer = () => {
      jump();
      return busy;
    };
    await run();
    expect(await deadLetters.list({})).toEqual([]);
  });

  it("while the stream is listed ages none, and moves no window past the API's clock", async () => {
    const { run, show, source, clock, jump, deadLetters, record } = aged();
    show(task("a"));
    await run();
    const { list } = source;
    source.list = (...call) => {
      jump();
      source.clockSkewMs = -30 * dayMs;
      return list(...call);
    };
    show(task("far", "SUCCESS", farMs));
    await run();
    expect(await deadLetters.list({})).toEqual([]);
    expect((await record())?.watermarkMs).toBeLessThanOrEqual(createdMs);
    expect(clock.now()).toBeGreaterThan(createdMs + 29 * dayMs);
  });
});

describe("a first instant in the future", () => {
  it("is waited for, and each run says so", async () => {
    const sink = scriptedSink(ops);
    const { run, show, clock } = streamHarness([sink], { startFrom: { instantMs: createdMs + dayMs } });
    show(task("a", "SUCCESS"));
    const { log, lines } = logged();
    await run({ log });
    expect(lines).toContain("the watermark is in the future; nothing is listed until then");
    await clock.advance(2 * dayMs);
    show(task("b", "SUCCESS", createdMs + 2 * dayMs));
    await run();
    expect(told(sink)).toEqual(["b SUCCESS"]);
  });
});

describe("a clock that differs from the API's", () => {
  it.each([-30 * dayMs, 30 * dayMs])("by %i ms makes no task overdue and moves no window", async (skewMs) => {
    const sink = scriptedSink(ops);
    const { run, show, source, record } = streamHarness([sink], { overdueAfterMs: () => hourMs });
    source.clockSkewMs = skewMs;
    const apiMs = createdMs + skewMs;
    show(task("a", "EXECUTING", apiMs - minuteMs), task("b", "SUCCESS", apiMs - 2));
    await run();
    expect(told(sink)).toEqual(["a EXECUTING", "b SUCCESS"]);
    expect((await record())?.watermarkMs).toBe(Math.floor((apiMs - 2 - 15 * minuteMs) / 1_000) * 1_000);
  });
});

describe("a task created in the future", () => {
  it("moves no window past the API's clock", async () => {
    const sink = scriptedSink(ops);
    const { run, show, record, clock } = streamHarness([sink]);
    show(task("far", "SUCCESS", farMs), task("a", "SUCCESS"));
    await run();
    expect((await record())?.watermarkMs).toBe(createdMs - 15 * minuteMs);
    await clock.advance(dayMs);
    show(task("b", "SUCCESS", createdMs + minuteMs));
    await run();
    expect(told(sink)).toContain("b SUCCESS");
  });

  it("does not switch off the hold for records that cannot be read", async () => {
    const sink = scriptedSink(ops);
    const { run, show, clock, source } = streamHarness([sink]);
    source.skipped = [{ id: "bad", createdAtMs: createdMs, problem: "status is missing" }];
    show(task("far", "SUCCESS", farMs), task("b", "SUCCESS", createdMs + hourMs));
    await clock.advance(hourMs);
    await run();
    await clock.advance(hourMs);
    source.skipped = [];
    show(task("bad", "SUCCESS"));
    await run();
    expect(told(sink)).toContain("bad SUCCESS");
  });
});
