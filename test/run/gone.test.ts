import { describe, expect, it } from "vitest";
import { SourceError } from "../../lib/core/errors.ts";
import { taskId } from "../../lib/core/names.ts";
import type { StreamPlan } from "../../lib/run/plan.ts";
import { runStream } from "../../lib/run/run-stream.ts";
import { createdMs, sampleTask } from "../change/sample.ts";
import { key, ops } from "../checkpoint/sample.ts";
import { runUntilSettled } from "../harness/clock.ts";
import { accepted, busy, scriptedSink } from "../harness/scripted-sink.ts";
import { streamHarness } from "../harness/stream.ts";

const minuteMs = 60_000;
const refusal = (code: string) =>
  new SourceError("not_found", `HTTP 404 ${code}`, { api: { status: 404, code } });
const gone = refusal("DMS.00404022");
const task = (id: string, status = "EXECUTING", createdAtMs = createdMs, updatedAtMs = createdAtMs) =>
  sampleTask({ id: taskId(id), status, createdAtMs, updatedAtMs });

/** Two open tasks and an ended one, all told, and runs at so many milliseconds after that. */
async function setUp() {
  const sink = scriptedSink(ops);
  const each = streamHarness([sink]);
  const { clock, plan, context, source, show, run } = each;
  show(task("later", "EXECUTING", createdMs + 1_000), task("first"), task("ended", "SUCCESS"));
  clock.set(createdMs + 1_000);
  await run();
  sink.accepted.length = 0;
  const { list } = source;
  const runAt = (ms: number, failure: SourceError | null, over: Partial<StreamPlan> = {}) => {
    source.list = (...call) => {
      if (failure) throw failure;
      return list(...call);
    };
    clock.set(createdMs + 1_000 + ms);
    const { signal } = new AbortController();
    return runUntilSettled(clock, runStream({ ...plan, ...over }, context(), { signal }));
  };
  const told = () =>
    sink.accepted.map(({ subject, data }) => `${subject} ${data.change.from} ${data.change.to}`);
  return { ...each, sink, runAt, told };
}
const bothVanished = ["first EXECUTING VANISHED", "later EXECUTING VANISHED"];

describe("an instance that the API calls gone", () => {
  it("has its open tasks told as vanished once two runs, a minute apart, were told so", async () => {
    const { runAt, told, record } = await setUp();
    const before = await record();
    expect((await runAt(0, gone)).error).toBe(gone);
    expect(await record()).toMatchObject({ goneMs: createdMs + 1_000 });
    await runAt(59_999, gone);
    expect(told()).toEqual([]);
    const outcome = await runAt(minuteMs, gone);
    expect(told()).toEqual(bothVanished);
    expect(outcome).toMatchObject({ changes: 2, error: gone });
    expect(await record()).toMatchObject({ watermarkMs: before?.watermarkMs, outbox: [] });
    await runAt(2 * minuteMs, gone);
    expect(told()).toHaveLength(2);
  });

  it("has its tasks told again once it can be read again", async () => {
    const { runAt, told, record, show } = await setUp();
    await runAt(0, gone);
    await runAt(minuteMs, gone);
    show(task("first", "SUCCESS", createdMs, createdMs + 5_000));
    await runAt(2 * minuteMs, null);
    expect(told().slice(2)).toEqual(["first VANISHED SUCCESS", "later VANISHED EXECUTING"]);
    expect((await record())?.goneMs).toBeNull();
  });

  it("is missed anew when it could be read in between, and for another refusal never", async () => {
    const { runAt, told } = await setUp();
    await runAt(0, gone);
    await runAt(30_000, null);
    await runAt(minuteMs, gone);
    for (const ms of [2, 3, 4]) await runAt(ms * minuteMs + 30_000, refusal("DMS.00404001"));
    expect(told()).toEqual([]);
  });
});

describe("an instance that complete lists lack", () => {
  it("has its open tasks told as vanished from the second list, a minute on, and is not asked for", async () => {
    const { runAt, told, source } = await setUp();
    const asked = source.begins.length;
    for (const absentMs of [createdMs, createdMs + 59_999])
      await runAt(minuteMs, null, { source: null, absentMs });
    expect(told()).toEqual([]);
    const outcome = await runAt(2 * minuteMs, null, { source: null, absentMs: createdMs + minuteMs });
    expect(told()).toEqual(bothVanished);
    expect(outcome.error).toBeNull();
    expect(source.begins).toHaveLength(asked);
  });
});

describe("a stream that is not read", () => {
  it("gets what it is owed, and asks the API nothing", async () => {
    const { runAt, told, source, sink, show, record } = await setUp();
    sink.answer = () => busy;
    show(task("owed"));
    await runAt(0, null);
    const asked = source.begins.length;
    sink.answer = () => accepted;
    const outcome = await runAt(10 * minuteMs, null, { source: null });
    expect(told()).toEqual(["owed null EXECUTING"]);
    expect(outcome).toMatchObject({ snapshot: null, error: null, accepted: new Map([[ops, 1]]) });
    expect(source.begins).toHaveLength(asked);
    expect(await record()).toMatchObject({ outbox: [], outage: null });
  });

  it("is not called gone again for what the API said before", async () => {
    const { runAt, told, record } = await setUp();
    await runAt(0, gone);
    const before = await record();
    expect(await runAt(2 * minuteMs, null, { source: null })).toMatchObject({ snapshot: null, changes: 0 });
    expect([told(), await record()]).toEqual([[], before]);
  });

  it("has no record made for it", async () => {
    const { plan, context, memory, commits } = streamHarness([scriptedSink(ops)]);
    const { signal } = new AbortController();
    const outcome = await runStream({ ...plan, source: null }, context(), { signal });
    expect(outcome).toMatchObject({ checkpoint: null, snapshot: null, error: null, changes: 0 });
    expect([await memory.load(key), commits]).toEqual([null, []]);
  });
});
