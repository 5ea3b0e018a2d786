import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { isInWindow } from "../../lib/change/window.ts";
import { encodeCheckpoint } from "../../lib/checkpoint/codec.ts";
import type { CheckpointStore } from "../../lib/checkpoint/store.ts";
import { taskId } from "../../lib/core/names.ts";
import { fileCheckpoints } from "../../lib/stores/sqlite/checkpoints.ts";
import { openDatabase } from "../../lib/stores/sqlite/database.ts";
import { tooLarge } from "../../lib/stores/too-large.ts";
import { createdMs, sampleTask } from "../change/sample.ts";
import { key, ops } from "../checkpoint/sample.ts";
import { accepted, busy, type ScriptedSink, scriptedSink } from "../harness/scripted-sink.ts";
import { streamHarness } from "../harness/stream.ts";

const minuteMs = 60_000;
const name = (index: number): string => `t${String(index).padStart(4, "0")}`;
/** Tasks that ended, created a second apart. */
const ended = (from: number, until: number) =>
  Array.from({ length: until - from }, (_, index) =>
    sampleTask({
      id: taskId(name(from + index)),
      status: "SUCCESS",
      createdAtMs: createdMs + (from + index) * 1_000,
      updatedAtMs: createdMs + (from + index) * 1_000,
    }),
  );
const names = (from: number, until: number) => ended(from, until).map(({ id }) => id);
const told = (sink: ScriptedSink) => sink.accepted.map(({ subject }) => subject).toSorted();

/** A store that takes records of so many bytes. */
const limited = (store: CheckpointStore, maxBytes: () => number): CheckpointStore => ({
  ...store,
  commit: (stream, next, ...rest) => {
    const bytes = encodeCheckpoint(stream, next).length;
    if (bytes > maxBytes())
      throw tooLarge({ store: "a small store", what: stream, bytes, maxBytes: maxBytes() });
    return store.commit(stream, next, ...rest);
  },
});

/** A stream whose sink is owed ten events, and whose record has room for some 300 known tasks more. */
async function grown() {
  const sink = scriptedSink(ops, () => busy);
  const harness = streamHarness([sink], { maxBacklog: 20 });
  let maxBytes = Number.POSITIVE_INFINITY;
  const checkpoints = limited(harness.memory, () => maxBytes);
  const run = (over = {}) => harness.run({ checkpoints, ...over });
  harness.show(...ended(0, 10));
  await run();
  maxBytes = 40_000;
  sink.answer = () => accepted;
  await harness.clock.advance(30 * minuteMs);
  harness.show(...ended(10, 900));
  return { ...harness, sink, run, fitAll: () => (maxBytes = Number.POSITIVE_INFINITY) };
}

describe("a record that outgrows its store", () => {
  it("fails its stream in one clear line, and what is owed is delivered all the same", async () => {
    const { sink, run } = await grown();
    const { error } = await run();
    expect(error).toMatchObject({ code: "STORE_FAILED", reason: "too_large" });
    expect(error?.message).toMatch(
      /^a small store: rabbitmq\/\S+ has \d+ bytes, and 40000 fit: lower the source's lookback, or choose a store that takes more$/,
    );
    expect(told(sink).slice(0, 10)).toEqual(names(0, 10));
    // A second run has the same error, and tells nothing again.
    const before = told(sink);
    expect((await run()).error).toMatchObject({ reason: "too_large" });
    expect(told(sink)).toEqual(before);
    expect(before.length).toBeLessThan(900);
  });

  it("keeps its watermark at the first change that it has no room for", async () => {
    const { run, record, sink } = await grown();
    await run();
    const { watermarkMs = 0 } = (await record()) ?? {};
    const [waiting] = ended(told(sink).length, 900);
    expect(isInWindow(waiting?.createdAtMs ?? 0, watermarkMs)).toBe(true);
  });

  it.each([
    ["its source's lookback is lowered", "lookback"],
    ["its store takes more", "store"],
  ])("goes on where it was, and tells each task once, when %s", async (_, mended) => {
    const { sink, run, plan, clock, fitAll } = await grown();
    await run();
    if (mended === "store") fitAll();
    else Object.assign(plan.rules, { lookbackMs: minuteMs });
    for (let more = 0; more < 60 && told(sink).length < 900; more++) {
      expect((await run()).error).toBeNull();
      await clock.advance(minuteMs);
    }
    expect(told(sink)).toEqual(names(0, 900));
  });

  it("tells nothing that a full disk did not record, and all of it, once, when there is space", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "bridge-full-"));
    const database = openDatabase(folder);
    const checkpoints = fileCheckpoints(database);
    onTestFinished(async () => {
      await checkpoints.close();
      rmSync(folder, { recursive: true });
    });
    const sink = scriptedSink(ops);
    const { run, show } = streamHarness([sink]);
    const most = (pages: string) => database.use((sql) => sql.exec(`PRAGMA max_page_count = ${pages}`));
    show(...ended(0, 10));
    expect((await run({ checkpoints })).error).toBeNull();
    most(String(database.use((sql) => Number(sql.prepare("PRAGMA page_count").get()?.["page_count"]))));
    show(...ended(10, 600));
    const { error } = await run({ checkpoints });
    expect(error).toMatchObject({ code: "STORE_FAILED", reason: "unavailable" });
    expect(error?.message).toMatch(/bridge\.db: database or disk is full: free space on its disk$/);
    expect(told(sink)).toEqual(names(0, 10));
    expect((await checkpoints.load(key))?.checkpoint.known.size).toBe(10);
    most("1073741823");
    expect((await run({ checkpoints })).error).toBeNull();
    expect(told(sink)).toEqual(names(0, 600));
  });
});
