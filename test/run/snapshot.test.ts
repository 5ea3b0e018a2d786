import { describe, expect, it } from "vitest";
import type { Task } from "../../lib/change/task.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { SourceError } from "../../lib/core/errors.ts";
import { taskId } from "../../lib/core/names.ts";
import { differencesOf, readSnapshot } from "../../lib/run/snapshot.ts";
import type { Page, TaskSource } from "../../lib/source/task-source.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import { createdMs, sampleKnown, sampleTask } from "../change/sample.ts";
import { stream } from "../checkpoint/sample.ts";
import { manualClock } from "../harness/clock.ts";

const dayMs = 86_400_000;
const rules = { nowMs: createdMs, overdueAfterMs: () => null, baselineMs: null, maxOpenAgeMs: 7 * dayMs };
const empty = begin("all", createdMs, 0);
const id = taskId("t1");
const at = (status: string, updatedAtMs: number) => sampleTask({ id, status, updatedAtMs });

/** A listing whose pages each hold one version of the same task, as when it moves while it is read. */
function read(checkpoint: Checkpoint, ...versions: readonly Task[]) {
  const source: TaskSource = {
    async *list() {
      for (const task of versions) yield { tasks: [task], skipped: [], clockSkewMs: null, doubt: null };
    },
    get: async () => null,
    close: async () => {},
  };
  const { signal } = new AbortController();
  const { baselineMs } = checkpoint;
  const reach = { startMs: null, lookbackMs: 900_000, maxOpenAgeMs: 7 * dayMs };
  const place = { stream, source, log: silentLog, clock: manualClock(createdMs + 7_200_000), reach };
  return readSnapshot(place, checkpoint, { ...rules, baselineMs }, { signal });
}

const knowing = (status: string, updatedAtMs: number): Checkpoint => ({
  ...empty,
  known: new Map([[id, sampleKnown({ status, updatedAtMs, name: "" })]]),
});

describe("a snapshot", () => {
  it("keeps the version furthest along when a lagging page repeats a task within one millisecond", async () => {
    const { tasks } = await read(empty, at("CANCELLED", createdMs), at("EXECUTING", createdMs));
    expect(tasks.get(id)?.status).toBe("CANCELLED");
  });

  it("keeps the last version of a task that moves while it is read", async () => {
    const { tasks } = await read(empty, at("CREATED", createdMs), at("EXECUTING", createdMs + 1));
    expect(tasks.get(id)?.status).toBe("EXECUTING");
  });

  it("keeps nothing but the dates of a task that is no news, not even where another run was first", async () => {
    const ended = { ...at("SUCCESS", createdMs), params: '{"topic":"orders"}' };
    const first = { ...empty, baselineMs: createdMs + 61_000 };
    const snapshot = await read(first, ended);
    expect(snapshot.tasks.get(id)).toEqual({
      ...ended,
      baselineOnly: true,
      params: null,
      user: { id: null, name: null },
    });
    const byNow = { ...first, baselineMs: null };
    expect(differencesOf(snapshot, byNow, rules)).toMatchObject([{ id, changes: [] }]);
  });

  it("keeps a task whole that ended less than a minute before the baseline: clocks are known only roughly", async () => {
    const first = { ...empty, baselineMs: createdMs + 61_000 };
    for (const updatedAtMs of [createdMs + 1_000, createdMs + 31_000]) {
      const ended = { ...at("SUCCESS", updatedAtMs), params: '{"topic":"orders"}' };
      expect((await read(first, ended)).tasks.get(id)).toEqual(ended);
    }
  });

  it("keeps nothing of a task that shows as it is known, not even where a lagging page showed it earlier", async () => {
    const before = knowing("EXECUTING", createdMs + 1_000);
    const same = at("EXECUTING", createdMs + 1_000);
    expect((await read(before, same)).tasks.size).toBe(0);
    expect((await read(before, at("CREATED", createdMs), same)).tasks.size).toBe(0);
  });

  it("drops an end that the same listing shows to be over, so that the task stays open", async () => {
    const before = knowing("EXECUTING", createdMs);
    const snapshot = await read(before, at("FAILED", createdMs + 1), at("EXECUTING", createdMs + 2));
    expect(differencesOf(snapshot, before, rules)).toEqual([]);
  });

  it("tells that a task runs again where another run has recorded its failure meanwhile", async () => {
    const before = knowing("EXECUTING", createdMs);
    const snapshot = await read(before, at("EXECUTING", createdMs + 2));
    expect(differencesOf(snapshot, before, rules)).toEqual([]);
    const byNow = knowing("FAILED", createdMs + 1);
    expect(differencesOf(snapshot, byNow, rules)).toMatchObject([{ id, changes: [{ to: "EXECUTING" }] }]);
  });

  it("tells of a forgotten task that the API shows running again, beyond the window it was asked for", async () => {
    const later = { ...empty, watermarkMs: createdMs + 3_600_000 };
    const snapshot = await read(later, at("EXECUTING", createdMs + 3_700_000));
    expect(differencesOf(snapshot, later, rules)).toMatchObject([{ id, changes: [{ to: "EXECUTING" }] }]);
    const ended = await read(later, at("SUCCESS", createdMs + 3_700_000));
    expect(differencesOf(ended, later, rules)).toEqual([]);
  });

  it("tells nothing of a task that a newer record has already told and forgotten", async () => {
    for (const status of ["SUCCESS", "EXECUTING"]) {
      const snapshot = await read(empty, at(status, createdMs + 1));
      expect(differencesOf(snapshot, empty, rules)).toHaveLength(1);
      const newer = { ...empty, watermarkMs: createdMs + 3_600_000 };
      expect(differencesOf(snapshot, newer, rules)).toEqual([]);
    }
  });
});

describe("a snapshot's look at the API", () => {
  const tasksOf = (...tasks: readonly Task[]) => ({ tasks, skipped: [], clockSkewMs: 0, doubt: null });

  /** Reads one page as of two hours after the tasks' creation, and answers look-ups with `get`. */
  async function look(
    checkpoint: Checkpoint,
    page: Partial<Page>,
    get: () => Promise<Task | null> = async () => null,
  ) {
    const log: (readonly [level: string, message: string, fields: unknown])[] = [];
    const asked: string[] = [];
    const source: TaskSource = {
      async *list() {
        yield { ...tasksOf(), ...page };
      },
      get: async (_, task) => {
        asked.push(task);
        return get();
      },
      close: async () => {},
    };
    const place = {
      stream,
      source,
      log: (level: string, message: string, fields: unknown) => void log.push([level, message, fields]),
      clock: manualClock(createdMs + 7_200_000),
      reach: { startMs: null, lookbackMs: 900_000, maxOpenAgeMs: 7 * dayMs },
    };
    const { signal } = new AbortController();
    return { snapshot: await readSnapshot(place, checkpoint, rules, { signal }), log, asked };
  }

  it("asks for an open task by itself where the listing leaves it out, and takes the answer if it is news", async () => {
    const before = knowing("EXECUTING", createdMs);
    const { snapshot, asked } = await look(before, tasksOf(), async () => at("SUCCESS", createdMs + 1));
    expect(asked).toEqual([id]);
    expect(snapshot.tasks.get(id)?.status).toBe("SUCCESS");
    const same = await look(before, tasksOf(), async () => at("EXECUTING", createdMs));
    expect(same.snapshot.tasks.size).toBe(0);
    expect((await look(before, tasksOf())).snapshot.gone).toEqual(new Set([id]));
  });

  it("asks for no task that the listing has, nor for one that has ended", async () => {
    const listed = await look(knowing("EXECUTING", createdMs), tasksOf(at("EXECUTING", createdMs)));
    const ended = await look(knowing("SUCCESS", createdMs - 2 * dayMs), tasksOf());
    expect([...listed.asked, ...ended.asked]).toEqual([]);
  });

  it("keeps a task as it is known where it cannot be asked for, and logs why", async () => {
    const { snapshot, log } = await look(knowing("EXECUTING", createdMs), tasksOf(), async () => {
      throw new SourceError("throttled", "ShowBackgroundTask: HTTP 429");
    });
    expect([snapshot.tasks.size, snapshot.gone.size]).toEqual([0, 0]);
    expect(log).toEqual([
      [
        "warn",
        "a task could not be queried",
        {
          instance: stream.instanceId,
          task: id,
          reason: "throttled",
          error: "ShowBackgroundTask: HTTP 429",
        },
      ],
    ]);
  });

  it("ends with a defect of the source", async () => {
    const broken = look(knowing("EXECUTING", createdMs), tasksOf(), async () => {
      throw new TypeError("a defect");
    });
    await expect(broken).rejects.toThrow(TypeError);
  });

  it("logs a listing that may be incomplete, keeps its window, and takes no task for gone", async () => {
    const before = knowing("EXECUTING", createdMs);
    const { snapshot, log, asked } = await look(before, { doubt: "the count moved" });
    expect(log).toEqual([
      ["warn", "a listing may be incomplete", { instance: stream.instanceId, doubt: "the count moved" }],
    ]);
    expect(snapshot.unreadMs).toEqual([before.watermarkMs]);
    expect(asked).toEqual([]);
  });

  it.each([
    [60_000, 0],
    [-60_000, 0],
    [60_001, 1],
    [-60_001, 1],
  ])("logs a clock that is %i ms off %i times", async (clockSkewMs, times) => {
    const { log } = await look(empty, { clockSkewMs });
    const line = [
      "warn",
      "the API's clock differs from this machine's",
      { instance: stream.instanceId, clockSkewMs },
    ];
    expect(log).toEqual(Array.from({ length: times }, () => line));
  });

  it("tells again of a vanished task that shows as it was known, and nothing of one that is missed already", async () => {
    const nextLookMs = createdMs + 60_000;
    const vanished = sampleKnown({ updatedAtMs: createdMs, gone: { sinceMs: createdMs, nextLookMs } });
    const before = { ...empty, known: new Map([[id, vanished]]) };
    const { snapshot } = await look(before, tasksOf(), async () => at("EXECUTING", createdMs));
    expect(differencesOf(snapshot, before, rules)).toMatchObject([{ changes: [{ from: "VANISHED" }] }]);
    const missed = sampleKnown({ doubt: { status: "VANISHED", sinceMs: createdMs } });
    const again = { ...empty, known: new Map([[id, missed]]) };
    const gone = await look(again, tasksOf());
    expect(gone.snapshot.gone).toEqual(new Set([id]));
    expect(differencesOf(gone.snapshot, again, rules)).toEqual([]);
  });

  it("holds the window at each record that cannot be read, or where it begins if the record has no date", async () => {
    const later = { ...empty, watermarkMs: createdMs };
    const problem = "status is missing";
    const skipped = [
      { id: "dated", createdAtMs: createdMs + 1_000, problem },
      { id: "undated", createdAtMs: null, problem },
    ];
    const { snapshot } = await look(later, { skipped });
    expect(snapshot).toMatchObject({ unreadable: 2, unreadMs: [createdMs + 1_000, createdMs] });
  });

  it("logs a watermark that was moved back, and one that lies a moment ahead", async () => {
    const nowMs = createdMs + 7_200_000;
    const logOf = async (watermarkMs: number) => {
      const { log, snapshot } = await look({ ...empty, watermarkMs, newestCreatedMs: createdMs }, {});
      return { log, beginMs: snapshot.beginMs };
    };
    const instance = stream.instanceId;
    const iso = (ms: number): string => new Date(ms).toISOString();
    expect(await logOf(nowMs)).toEqual({ log: [], beginMs: nowMs });
    const ahead = "the watermark is in the future; nothing is listed until then";
    expect(await logOf(nowMs + 1)).toEqual({
      log: [["warn", ahead, { instance, watermark: iso(nowMs + 1) }]],
      beginMs: nowMs + 1,
    });
    const moved = "the watermark was ahead of the API's clock; moved back";
    const to = iso(nowMs - 900_000);
    expect(await logOf(nowMs + 60_001)).toEqual({
      log: [["warn", moved, { instance, watermark: iso(nowMs + 60_001), to }]],
      beginMs: nowMs - 900_000,
    });
  });

  it("gives differences by creation, and those of one instant by id", async () => {
    const made = (name: string, createdAtMs: number) => sampleTask({ id: taskId(name), createdAtMs });
    for (const [first, second] of ["ab", "ba"]) {
      const page = tasksOf(
        made(`${first}`, createdMs),
        made("c", createdMs - 1),
        made(`${second}`, createdMs),
      );
      const { snapshot } = await look(empty, page);
      const ids = differencesOf(snapshot, empty, rules).map((difference) => difference.id);
      expect(ids).toEqual(["c", "a", "b"]);
    }
  });
});
