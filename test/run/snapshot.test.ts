import { describe, expect, it } from "vitest";
import type { Task } from "../../lib/change/task.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { taskId } from "../../lib/core/names.ts";
import { differencesOf, readSnapshot } from "../../lib/run/snapshot.ts";
import type { TaskSource } from "../../lib/source/task-source.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import { createdMs, sampleKnown, sampleTask } from "../change/sample.ts";
import { stream } from "../checkpoint/sample.ts";
import { manualClock } from "../simulator/clock.ts";

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

  it("drops an end that the same listing shows to be over, so that the task stays open", async () => {
    const before = knowing("EXECUTING", createdMs);
    const { tasks } = await read(before, at("FAILED", createdMs + 1), at("EXECUTING", createdMs + 2));
    expect(tasks.size).toBe(0);
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
