import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { smallRoomBytes } from "../../lib/checkpoint/room.ts";
import type { CheckpointStore } from "../../lib/checkpoint/store.ts";
import { SourceError, StoreError } from "../../lib/core/errors.ts";
import { runId, taskId } from "../../lib/core/names.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { redrive } from "../../lib/delivery/redrive.ts";
import type { RunObserver } from "../../lib/run/observer.ts";
import { runStream } from "../../lib/run/run-stream.ts";
import { createdMs, sampleTask } from "../change/sample.ts";
import { chat, key, ops } from "../checkpoint/sample.ts";
import { runUntilSettled } from "../harness/clock.ts";
import { accepted, busy, refused, type ScriptedSink, scriptedSink } from "../harness/scripted-sink.ts";
import { patience, streamHarness } from "../harness/stream.ts";

const hourMs = 3_600_000;
const task = (id: string, status = "EXECUTING", createdAtMs = createdMs, updatedAtMs = createdAtMs) =>
  sampleTask({ id: taskId(id), status, createdAtMs, updatedAtMs });
const told = (sink: ScriptedSink) => sink.accepted.map(({ subject, data }) => `${subject} ${data.change.to}`);

describe("a run", () => {
  it("tells a task's start and its end hours later, although begin_time has moved on for the others", async () => {
    const sink = scriptedSink(ops);
    const { run, show, clock, source } = streamHarness([sink]);
    show(task("long"));
    await run();
    await clock.advance(3 * hourMs);
    show(task("short", "SUCCESS", createdMs + 2 * hourMs));
    await run();
    show(task("long", "SUCCESS", createdMs, createdMs + 3 * hourMs));
    await run();
    await run();
    expect(told(sink)).toEqual(["long EXECUTING", "short SUCCESS", "long SUCCESS"]);
    expect(source.begins).toEqual([0, createdMs - 900_000, createdMs, createdMs + 2 * hourMs - 900_000]);
  });

  it("sends nothing and writes nothing when nothing changed", async () => {
    const sink = scriptedSink(ops);
    const { run, show, commits } = streamHarness([sink]);
    show(task("a"));
    await run();
    const before = commits.length;
    const outcome = await run();
    expect([commits.length - before, sink.attempts.length, outcome.changes]).toEqual([0, 1, 0]);
    expect(outcome.snapshot?.count).toBe(1);
  });

  it("takes a baseline for a new stream that starts now: ended tasks are no news, open ones are followed", async () => {
    const sink = scriptedSink(ops);
    const { run, show, clock } = streamHarness([sink], { startFrom: "now" });
    show(task("ended", "SUCCESS", createdMs - hourMs), task("open", "EXECUTING", createdMs - hourMs));
    await run();
    await clock.advance(60_000);
    show(
      task("open", "SUCCESS", createdMs - hourMs, createdMs + 1),
      task("quick", "FAILED", createdMs + 30_000),
    );
    await run();
    expect(told(sink)).toEqual(["open EXECUTING", "open SUCCESS", "quick FAILED"]);
  });

  it("tells a new instance's tasks since a list last lacked it, however late its first run is", async () => {
    const sink = scriptedSink(ops);
    const { context, plan, show, clock } = streamHarness([sink], { startFrom: "now" });
    await clock.advance(600_000);
    show(task("before", "SUCCESS", createdMs - hourMs), task("first", "SUCCESS", createdMs + 30_000));
    const signal = new AbortController().signal;
    await runUntilSettled(clock, runStream({ ...plan, sinceMs: createdMs }, context(), { signal }));
    expect(told(sink)).toEqual(["first SUCCESS"]);
  });

  it("keeps the first instant of a stream whose first run could not read it", async () => {
    const sink = scriptedSink(ops);
    const { run, show, clock, source } = streamHarness([sink], { startFrom: "now" });
    source.failure = new SourceError("unavailable", "down");
    await run();
    source.failure = null;
    await clock.advance(60_000);
    show(task("meanwhile", "SUCCESS", createdMs + 30_000));
    await run();
    expect(told(sink)).toEqual(["meanwhile SUCCESS"]);
  });

  it.each([
    ["ahead", 600_000],
    ["behind", -600_000],
  ])("judges the baseline by the API's clock when that is %s", async (_, skewMs) => {
    const sink = scriptedSink(ops);
    const { run, show, clock, source } = streamHarness([sink], { startFrom: "now" });
    source.failure = new SourceError("unavailable", "down");
    source.clockSkewMs = skewMs;
    await run();
    source.failure = null;
    await clock.advance(60_000);
    const apiMs = createdMs + skewMs;
    show(task("before", "SUCCESS", apiMs - 5_000), task("after", "SUCCESS", apiMs + 5_000));
    await run();
    expect(told(sink)).toEqual(["after SUCCESS"]);
  });

  it("commits before it delivers", async () => {
    const sink = scriptedSink(ops);
    const { run, show, record } = streamHarness([sink]);
    let owedAtDelivery: string[] = [];
    sink.answer = async () => {
      owedAtDelivery = (await record())?.outbox.map(({ event }) => event.subject) ?? [];
      return accepted;
    };
    show(task("a"));
    await run();
    expect(owedAtDelivery).toEqual(["a"]);
  });

  it("delivers nothing that could not be recorded", async () => {
    const sink = scriptedSink(ops);
    const { run, show, checkpoints } = streamHarness([sink]);
    await run();
    show(task("a"));
    const broken: CheckpointStore = {
      ...checkpoints,
      commit: () => Promise.reject(new StoreError("unavailable", "disk full")),
    };
    const outcome = await run({ checkpoints: broken });
    expect(outcome.error?.code).toBe("STORE_FAILED");
    expect(sink.attempts).toEqual([]);
    await run();
    expect(told(sink)).toEqual(["a EXECUTING"]);
  });

  it("delivers again, under the same id and with the same bytes, what it could not settle", async () => {
    const sink = scriptedSink(ops);
    const { run, show, checkpoints, clock } = streamHarness([sink]);
    await run();
    show(task("a"));
    let commits = 0;
    const dying: CheckpointStore = {
      ...checkpoints,
      commit: (...record) =>
        ++commits === 2
          ? Promise.reject(new StoreError("unavailable", "gone"))
          : checkpoints.commit(...record),
    };
    expect((await run({ checkpoints: dying })).error).toMatchObject({
      code: "STORE_FAILED",
      message: "gone",
    });
    await clock.advance(40_000);
    await run();
    expect(sink.accepted).toHaveLength(2);
    expect(JSON.stringify(sink.accepted[1])).toBe(JSON.stringify(sink.accepted[0]));
  });

  it("leaves the outbox of a run that may still be delivering alone, until its time is over", async () => {
    const sink = scriptedSink(ops, () => new Promise<DeliveryResult>(() => {}));
    const { run, begin, show, clock, record } = streamHarness([sink]);
    await run();
    show(task("a"));
    const dead = begin();
    for (let turns = 0; turns < 20; turns += 1) await turn();
    sink.answer = () => accepted;
    show(task("b", "EXECUTING", createdMs + 1_000));
    await run();
    expect([sink.attempts.length, (await record())?.outbox.length]).toEqual([1, 2]);
    await clock.advance(31_000);
    await run();
    expect(told(sink)).toEqual(["a EXECUTING", "b EXECUTING"]);
    expect(await Promise.race([dead, "still waiting for its sink"])).toBe("still waiting for its sink");
  });

  it("loses and repeats nothing when two runs overlap", async () => {
    const sink = scriptedSink(ops);
    const { run, begin, show } = streamHarness([sink]);
    await run();
    show(task("a"), task("b"));
    await Promise.all([begin(), begin(), begin()]);
    await run();
    expect(told(sink).sort()).toEqual(["a EXECUTING", "b EXECUTING"]);
  });

  it("gives every event once, in order per task, to a sink that answers 503 for three runs", async () => {
    const sink = scriptedSink(ops, () => busy);
    const { run, show, clock } = streamHarness([sink]);
    show(task("a"), task("b"));
    await run();
    show(task("a", "SUCCESS", createdMs, createdMs + 5_000));
    await run();
    await run();
    sink.answer = () => accepted;
    await clock.advance(60_000);
    await run();
    await run();
    expect(told(sink).sort()).toEqual(["a EXECUTING", "a SUCCESS", "b EXECUTING"]);
    expect(told(sink).filter((line) => line.startsWith("a"))).toEqual(["a EXECUTING", "a SUCCESS"]);
  });

  it("writes nothing while all it owes waits behind an event whose time has not come", async () => {
    const sink = scriptedSink(ops, ({ subject }) => (subject === "a" ? busy : accepted));
    const { run, show, commits, clock } = streamHarness([sink], {
      policies: new Map([[ops, { ...patience, attemptsPerRun: 1 }]]),
    });
    show(task("a"), task("b"));
    await run({ random: () => 1 });
    show(task("a", "SUCCESS", createdMs, createdMs + 5_000), task("c"));
    await run();
    const before = commits.length;
    await run();
    expect(commits.length).toBe(before);
    await clock.advance(1_000);
    sink.answer = () => accepted;
    await run();
    expect(told(sink).filter((line) => line.startsWith("a"))).toEqual(["a EXECUTING", "a SUCCESS"]);
  });

  it("delivers to one sink at once while another hangs", async () => {
    const healthy = scriptedSink(ops);
    const hanging = scriptedSink(
      chat,
      (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(busy))),
    );
    const { begin, show, run, record, clock } = streamHarness([hanging, healthy]);
    await run();
    show(task("a"), task("b"));
    const running = begin();
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(told(healthy)).toEqual(["a EXECUTING", "b EXECUTING"]);
    await runUntilSettled(clock, running);
    expect((await record())?.outbox.map(({ pending }) => [...pending.keys()])).toEqual([[chat], [chat]]);
  });

  it("commits a huge first read in slices, oldest first, and holds the window for what is left", async () => {
    const sink = scriptedSink(ops);
    const { run, show, commits, record } = streamHarness([sink]);
    for (let index = 0; index < 1_050; index += 1) {
      show(task(`t${String(index).padStart(4, "0")}`, "SUCCESS", createdMs - (2_000 - index) * 60_000));
    }
    const times: number[] = [];
    sink.answer = async () => {
      times.push((await record())?.watermarkMs ?? 0);
      return accepted;
    };
    await run();
    expect(told(sink)[0]).toBe("t0000 SUCCESS");
    expect(sink.accepted).toHaveLength(1_050);
    expect(commits).toHaveLength(1 + 3 + 1);
    const nextSliceMs = (index: number): number =>
      createdMs - (2_000 - (Math.floor(index / 400) + 1) * 400) * 60_000;
    expect(times.every((watermarkMs, index) => watermarkMs <= nextSliceMs(index))).toBe(true);
    expect((await record())?.known.size).toBe(16);
  });

  it("tells an open task that is gone from the API as vanished, once", async () => {
    const sink = scriptedSink(ops);
    const { run, show, source, clock } = streamHarness([sink]);
    show(task("a"));
    await run();
    source.tasks.clear();
    await run();
    expect(told(sink)).toEqual(["a EXECUTING"]);
    await clock.advance(60_000);
    await run();
    await run();
    expect(told(sink)).toEqual(["a EXECUTING", "a VANISHED"]);
    expect(source.gets).toEqual(["a", "a"]);
  });

  it("tells the end of a task that was told as vanished and is known again, inside the window or not", async () => {
    const sink = scriptedSink(ops);
    const { run, show, source, clock } = streamHarness([sink], { maxOpenAgeMs: hourMs });
    show(task("a"), task("b"));
    await run();
    source.tasks.clear();
    await run();
    await clock.advance(60_000);
    await run();
    show(task("new", "SUCCESS", createdMs + 30_000), task("a", "SUCCESS", createdMs, createdMs + 90_000));
    await run();
    await clock.advance(30 * 60_000);
    show(task("newer", "SUCCESS", createdMs + 30 * 60_000));
    await run();
    show(task("b", "FAILED", createdMs, createdMs + 40 * 60_000));
    await clock.advance(30 * 60_000);
    await run();
    const changes = sink.accepted.map(
      ({ subject, data }) => `${subject} ${data.change.from} ${data.change.to}`,
    );
    expect(changes).toEqual(
      expect.arrayContaining(["a VANISHED SUCCESS", "b EXECUTING VANISHED", "b VANISHED FAILED"]),
    );
    expect(source.begins.at(-1)).toBeGreaterThan(createdMs);
  });

  it("believes no doubtful listing that a task has vanished", async () => {
    const sink = scriptedSink(ops);
    const { run, show, source, record } = streamHarness([sink]);
    show(task("a"));
    await run();
    const before = await record();
    source.doubt = "saw 0 of 1";
    source.tasks.clear();
    await run();
    expect(source.gets).toEqual([]);
    expect((await record())?.watermarkMs).toBe(before?.watermarkMs);
  });

  it("polls an open task by its id once it is older than maxOpenAge", async () => {
    const sink = scriptedSink(ops);
    const { run, show, clock, source } = streamHarness([sink], { maxOpenAgeMs: hourMs });
    show(task("old"));
    await run();
    await clock.advance(2 * hourMs);
    show(task("new", "SUCCESS", createdMs + 2 * hourMs));
    await run();
    show(task("old", "FAILED", createdMs, createdMs + 3 * hourMs));
    await run();
    expect(told(sink)).toEqual(["old EXECUTING", "new SUCCESS", "old FAILED"]);
    expect(source.gets).toContain("old");
  });

  it("holds the window for a record that cannot be read, and tells it once it can", async () => {
    const sink = scriptedSink(ops);
    const { run, show, clock, source } = streamHarness([sink]);
    source.skipped = [{ id: "bad", createdAtMs: createdMs, problem: "status is missing" }];
    show(task("b", "SUCCESS", createdMs + hourMs));
    expect((await run()).snapshot?.unreadable).toBe(1);
    await clock.advance(hourMs);
    source.skipped = [];
    show(task("bad", "SUCCESS"));
    await run();
    expect(told(sink)).toEqual(["b SUCCESS", "bad SUCCESS"]);
  });

  it("delivers what it owes even when the stream cannot be read", async () => {
    const sink = scriptedSink(ops, () => busy);
    const { run, show, source, clock } = streamHarness([sink]);
    show(task("a"));
    await run();
    await clock.advance(60_000);
    sink.answer = () => accepted;
    source.failure = new SourceError("unavailable", "down");
    const outcome = await run();
    expect(outcome.error?.code).toBe("SOURCE_FAILED");
    expect(told(sink)).toEqual(["a EXECUTING"]);
  });

  it("says nothing of a stream that could not be read because the run was stopped", async () => {
    const { begin, source, record } = streamHarness([scriptedSink(ops)]);
    source.failure = new SourceError("unavailable", "stopped");
    const outcome = await begin({}, AbortSignal.abort());
    expect([outcome.error, (await record())?.outage]).toEqual([source.failure, null]);
    await begin();
    expect((await record())?.outage).toMatchObject({ message: "stopped" });
  });

  it("settles 256 deliveries as soon as they are accepted, while another sink hangs", async () => {
    const fast = scriptedSink(ops, () => busy);
    const hanging = scriptedSink(
      chat,
      (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(busy))),
    );
    const { begin, show, run, record, clock } = streamHarness([hanging, fast]);
    for (let index = 0; index < 280; index += 1) show(task(`t${index}`));
    await run();
    const owed = async () => (await record())?.outbox.filter(({ pending }) => pending.has(ops)).length;
    expect(await owed()).toBe(280);
    fast.answer = () => accepted;
    await clock.advance(hourMs);
    const running = begin();
    for (let turns = 0; turns < 300; turns += 1) await turn();
    expect(await owed()).toBeLessThanOrEqual(24);
    await runUntilSettled(clock, running);
  });

  it("settles what a sink accepts at the very end of its time", async () => {
    const late = scriptedSink(
      ops,
      (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(accepted))),
    );
    const { show, run, record } = streamHarness([late]);
    show(task("a"));
    expect((await run()).accepted).toEqual(new Map([[ops, 1]]));
    expect(await record()).toMatchObject({ outbox: [], lease: null });
  });

  it("names its stream in the log of a defect", async () => {
    const { run, source } = streamHarness([scriptedSink(ops)]);
    source.list = () => {
      throw new TypeError("a defect");
    };
    const logged: unknown[] = [];
    await run({ log: (level, message, fields) => void logged.push([level, message, fields]) });
    expect(logged[0]).toEqual(["error", "a part of a run met a defect", { stream: key, error: "TypeError" }]);
  });

  it("ends the baseline of a new stream with its first reading, though that lists nothing", async () => {
    const { run, record, commits } = streamHarness([scriptedSink(ops)], { startFrom: "now" });
    await run();
    expect([(await record())?.baselineMs, commits.length]).toEqual([null, 2]);
    await run();
    expect(commits).toHaveLength(2);
  });

  it("asks the store of dead letters for nothing while it gives nothing up", async () => {
    const { run, show, deadLetters } = streamHarness([scriptedSink(ops)]);
    show(task("a"));
    const put = () => Promise.reject(new StoreError("unavailable", "down"));
    expect((await run({ deadLetters: { ...deadLetters, put } })).error).toBeNull();
  });

  it("writes each event and each outcome to the journal once", async () => {
    const { run, show, checkpoints } = streamHarness([scriptedSink(ops)]);
    const written: (readonly string[])[] = [];
    const journal: CheckpointStore = {
      ...checkpoints,
      commit: (stream, next, expected, entries = []) => {
        written.push(
          entries.map((entry) =>
            entry.kind === "event" ? `event ${entry.event.subject}` : `${entry.outcome} ${entry.task}`,
          ),
        );
        return checkpoints.commit(stream, next, expected, entries);
      },
    };
    show(task("a"), task("b", "EXECUTING", createdMs + 1));
    await run({ isJournaled: true, checkpoints: journal });
    expect(written).toEqual([[], ["event a", "event b"], ["accepted a", "accepted b"]]);
  });

  it("shows each committed event to its observer, once", async () => {
    const { run, show } = streamHarness([scriptedSink(ops)]);
    const committed: string[] = [];
    const observer: RunObserver = {
      committed: (stream, { subject }) => void committed.push(`${stream} ${subject}`),
    };
    show(task("a"), task("b", "EXECUTING", createdMs + 1));
    await run({ observer });
    await run({ observer });
    expect(committed).toEqual([`${key} a`, `${key} b`]);
  });

  it("counts a delivery that it gives up for its age as a dead letter", async () => {
    const sink = scriptedSink(ops, () => busy);
    const policies = new Map([[ops, { ...patience, maxAgeMs: hourMs }]]);
    const { run, show, clock } = streamHarness([sink], { policies });
    show(task("a"), task("b"));
    await run();
    await clock.advance(2 * hourMs);
    const outcome = await run();
    expect([outcome.deadLettered, outcome.accepted, outcome.changes]).toEqual([
      new Map([[ops, 2]]),
      new Map(),
      0,
    ]);
  });

  it("writes a record once that a clock ahead of time had spoilt, though nothing else has changed", async () => {
    const { run, memory, commits, record } = streamHarness([scriptedSink(ops)]);
    await run();
    const stored = await memory.load(key);
    const lease = { run: runId("dead"), untilMs: createdMs + 30 * 24 * hourMs };
    if (stored) await memory.commit(key, { ...stored.checkpoint, lease }, stored.version);
    const before = commits.length;
    await run();
    await run();
    expect([commits.length - before, (await record())?.lease]).toEqual([1, null]);
  });

  it("owes a sink only what its filter lets through", async () => {
    const [all, ends] = [scriptedSink(ops), scriptedSink(chat)];
    const filters = new Map([
      [ops, () => true],
      [chat, ({ type }: { type: string }) => type.endsWith("succeeded")],
    ]);
    const { run, show } = streamHarness([all, ends], { filters });
    show(task("a"), task("b", "SUCCESS"));
    const outcome = await run();
    expect([told(all), told(ends)]).toEqual([["a EXECUTING", "b SUCCESS"], ["b SUCCESS"]]);
    expect(outcome.filtered).toEqual(new Map([[chat, 1]]));
  });

  it("keeps what will never pass as a dead letter, and redrives it in its task's order", async () => {
    const sink = scriptedSink(ops, () => refused);
    const { run, show, deadLetters, checkpoints, clock } = streamHarness([sink]);
    show(task("a"));
    const outcome = await run();
    expect(outcome.deadLettered).toEqual(new Map([[ops, 1]]));
    sink.answer = () => busy;
    show(task("a", "SUCCESS", createdMs, createdMs + 5_000));
    await run();
    sink.answer = () => accepted;
    const deps = {
      checkpoints,
      deadLetters,
      sinks: new Set([ops]),
      maxBacklog: 9,
      maxBytes: smallRoomBytes,
      clock,
    };
    const redriven = await redrive(deps, {});
    await run();
    expect([redriven, await deadLetters.list({})]).toEqual([{ redriven: 1, left: 0 }, []]);
    expect(told(sink)).toEqual(["a EXECUTING", "a SUCCESS"]);
  });

  it("turns what a removed sink is owed into dead letters", async () => {
    const sink = scriptedSink(ops, () => busy);
    const { run, show, deadLetters, plan } = streamHarness([sink]);
    show(task("a"));
    await run();
    const { policies, filters } = plan.rules;
    (policies as Map<unknown, unknown>).clear();
    (filters as Map<unknown, unknown>).clear();
    await run({ dispatchers: new Map() });
    expect(await deadLetters.list({})).toMatchObject([{ sink: ops, reason: "sink_removed", stream: key }]);
  });

  it("notes a sink that hangs until the time budget ends as failing, until it answers, and keeps its delivery", async () => {
    const sink = scriptedSink(ops, (_: unknown, signal: AbortSignal) => {
      const cut = Promise.withResolvers<typeof accepted>();
      signal.addEventListener("abort", () => cut.reject(signal.reason));
      return cut.promise;
    });
    const { run, show, record } = streamHarness([sink]);
    show(task("a"));
    for (let runs = 1; runs <= 2; runs += 1) {
      await run();
      const stored = await record();
      expect(stored?.breakers.get(ops)).toMatchObject({ kind: "failing", reason: "timeout" });
      expect(stored?.outbox[0]?.pending.get(ops)).toMatchObject({ attempts: runs });
    }
    sink.answer = () => accepted;
    await run();
    const stored = await record();
    expect([told(sink), stored?.outbox, stored?.breakers.size]).toEqual([["a EXECUTING"], [], 0]);
  });

  it("leaves unfinished slices to the next run when its time is over", async () => {
    const sink = scriptedSink(ops);
    const { run, show, clock } = streamHarness([sink]);
    for (let index = 0; index < 450; index += 1) show(task(`t${String(index).padStart(3, "0")}`, "SUCCESS"));
    let sent = 0;
    sink.answer = async () => {
      if (++sent === 100) await clock.advance(31_000);
      return accepted;
    };
    await run();
    const first = sink.accepted.length;
    expect(first).toBeLessThan(250);
    await run();
    expect(new Set(told(sink)).size).toBe(450);
  });
});
