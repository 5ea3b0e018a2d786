import { describe, expect, it } from "vitest";
import type { Difference } from "../../lib/change/diff.ts";
import type { CloudEvent } from "../../lib/change/event.ts";
import type { Task } from "../../lib/change/task.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { batchId } from "../../lib/checkpoint/parked.ts";
import { smallRoomBytes } from "../../lib/checkpoint/room.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { taskId } from "../../lib/core/names.ts";
import {
  type CommitMoment,
  type CommitPlan,
  type CommitRules,
  planCommit,
} from "../../lib/run/commit-plan.ts";
import { createdMs, sampleKnown, sampleTask } from "../change/sample.ts";
import { chat, entry, key, ops, stream } from "../checkpoint/sample.ts";
import { parkedDeliveries } from "../contract/parked-store.ts";
import { patience } from "../harness/stream.ts";

const minuteMs = 60_000;
const rules: CommitRules = {
  stream: key,
  lookbackMs: 15 * minuteMs,
  maxOpenAgeMs: 7 * 24 * 60 * minuteMs,
  maxBacklog: 1_000,
  maxBytes: smallRoomBytes,
  policies: new Map(),
  filters: new Map(),
  unreadableAfterMs: null,
  context: { stream, source: "https://dms.example/v2/p1/instances/i1", instanceName: null },
};
/** The window was held back, for a record that could not be read. */
const held: Checkpoint = {
  ...begin("all", createdMs, rules.maxOpenAgeMs),
  watermarkMs: createdMs - 60 * minuteMs,
  newestCreatedMs: createdMs,
};
const moment: CommitMoment = {
  agingMs: createdMs + minuteMs,
  nowMs: createdMs + minuteMs,
  apiNowMs: createdMs + minuteMs,
  leaseFor: () => null,
  outageBefore: null,
  isFull: false,
  isOthers: false,
  mayWait: false,
  atHand: new Map(),
  newBatchId: () => batchId("run/1"),
};

/** A task seen for the first time, with so many changes. */
function seen(name: string, over: Partial<Task> = {}, changes = 1): Difference {
  const task = sampleTask({ id: taskId(name), status: "SUCCESS", updatedAtMs: createdMs, ...over });
  const change = { task, from: null, to: task.status };
  return {
    id: task.id,
    changes: new Array<typeof change>(changes).fill(change),
    known: sampleKnown({ ...task, name: "" }),
  };
}

describe("a slice", () => {
  it("moves the window up to the lookback when all was read", () => {
    expect(planCommit(held, [], [], rules, moment).next.watermarkMs).toBe(createdMs - rules.lookbackMs);
  });

  it("leaves the window where it is when the stream could not be read", () => {
    expect(planCommit(held, [], null, rules, moment).next.watermarkMs).toBe(held.watermarkMs);
  });

  it("tells of each task what was usual before it, and learns from what succeeds", () => {
    const ended = (to: string, tookMs: number, index: number): Difference => {
      const task = sampleTask({
        id: taskId(`t${index}`),
        status: to,
        createdAtMs: createdMs,
        updatedAtMs: createdMs + tookMs,
      });
      const known = { ...task, overdueEmitted: false, doubt: null, past: [], gone: null };
      return { id: task.id, changes: [{ task, from: "EXECUTING", to }], known };
    };
    const usualIn = ({ events }: CommitPlan) => events.map(({ event }) => event.data.change.usualMs);
    const first = planCommit(
      held,
      [ended("SUCCESS", 1_000, 1), ended("SUCCESS", 9_000, 2)],
      [],
      rules,
      moment,
    );
    expect(usualIn(first)).toEqual([undefined, undefined]);
    const next = [ended("FAILED", 90_000, 3), ended("SUCCESS", 2_000, 4), ended("FAILED", 1_000, 5)];
    const second = planCommit(first.next, next, [], rules, moment);
    expect(usualIn(second)).toEqual([undefined, undefined, 2_000]);
    expect(second.next.durations).toEqual(new Map([["bindInstancePublicIp", [1_000, 9_000, 2_000]]]));
  });

  it("ends the baseline only once the stream was read", () => {
    const fresh = begin("now", createdMs, rules.maxOpenAgeMs);
    expect(planCommit(fresh, [], null, rules, moment).next.baselineMs).toBe(createdMs);
    expect(planCommit(fresh, [], [], rules, moment).next.baselineMs).toBeNull();
  });

  it("takes 400 changes, or 2,000 tasks without any, and holds the window at the next one", () => {
    const tasks = (count: number, changes: number) =>
      Array.from({ length: count }, (_, index) =>
        seen(`t${index}`, { createdAtMs: createdMs + index * 1_000 }, changes),
      );
    const planned = (count: number, changes: number) =>
      planCommit(
        { ...held, newestCreatedMs: laterMs },
        tasks(count, changes),
        [],
        { ...rules, lookbackMs: 0 },
        { ...moment, apiNowMs: laterMs },
      );
    const laterMs = createdMs + 3_000_000;
    expect([planned(401, 1), planned(201, 2), planned(2_001, 0)].map(({ taken }) => taken)).toEqual([
      400, 200, 2_000,
    ]);
    expect([planned(400, 1), planned(200, 2), planned(2_000, 0)].map(({ taken }) => taken)).toEqual([
      400, 200, 2_000,
    ]);
    expect(planned(401, 1).next.watermarkMs).toBe(createdMs + 400_000);
    expect(planned(400, 1).next.watermarkMs).toBe(laterMs);
  });

  it("ends the baseline only with its last task", () => {
    const fresh = begin("now", createdMs, rules.maxOpenAgeMs);
    const tasks = Array.from({ length: 401 }, (_, index) => seen(`t${index}`));
    expect(planCommit(fresh, tasks, [], rules, moment).next.baselineMs).toBe(createdMs);
    expect(planCommit(fresh, tasks.slice(1), [], rules, moment).next.baselineMs).toBeNull();
  });
  it("holds the window at the oldest task that stays open, and lets it go with that task's end", () => {
    const openMs = createdMs - 50 * minuteMs;
    const open = sampleKnown({ createdAtMs: openMs });
    const ended = sampleKnown({ createdAtMs: openMs - minuteMs, status: "SUCCESS" });
    const before = {
      ...held,
      known: new Map([
        [taskId("open"), open],
        [taskId("ended"), ended],
      ]),
    };
    const windowOf = (checkpoint: Checkpoint, ...batch: readonly Difference[]) =>
      planCommit(checkpoint, batch, [], rules, moment).next.watermarkMs;
    expect(windowOf(before)).toBe(openMs);
    expect(windowOf(before, seen("open", { createdAtMs: openMs }))).toBe(createdMs - rules.lookbackMs);
    const another = seen("new", { status: "EXECUTING", createdAtMs: openMs - minuteMs });
    expect(windowOf(held, another)).toBe(openMs - minuteMs);
  });
  it("counts the newest task from the instant of its creation, and none from the future", () => {
    const newestOf = (newestCreatedMs: number | null, ...createdAtMs: readonly number[]) => {
      const batch = createdAtMs.map((each, index) => seen(`t${index}`, { createdAtMs: each }));
      return planCommit({ ...held, newestCreatedMs }, batch, [], rules, moment).next.newestCreatedMs;
    };
    const nowMs = moment.apiNowMs;
    expect(newestOf(null)).toBeNull();
    expect(newestOf(null, nowMs + 1)).toBeNull();
    expect(newestOf(null, createdMs, nowMs, nowMs + 1)).toBe(nowMs);
    expect(newestOf(nowMs + 5)).toBe(nowMs);
    expect(newestOf(createdMs, createdMs - 1)).toBe(createdMs);
  });
  it("is held by a record that cannot be read for as long as a task may stay open, and no longer", () => {
    const far = { ...held, watermarkMs: 0 };
    const windowOf = (checkpoint: Checkpoint, unreadMs: number) =>
      planCommit(checkpoint, [], [unreadMs], rules, moment).next.watermarkMs;
    expect(windowOf(far, createdMs - 40 * minuteMs)).toBe(createdMs - 40 * minuteMs);
    expect(windowOf(far, 0)).toBe(createdMs - rules.maxOpenAgeMs);
    expect(planCommit({ ...far, newestCreatedMs: null }, [], [0], rules, moment).next.watermarkMs).toBe(0);
  });
  it("takes the outbox only for events: of a task, or of the stream itself", () => {
    const emits: boolean[] = [];
    const leaseFor: CommitMoment["leaseFor"] = (_, each) => {
      emits.push(each);
      return null;
    };
    const asked = { ...moment, leaseFor };
    const outage = { sinceMs: createdMs, code: "unavailable", message: "down", httpStatus: null };
    planCommit(held, [seen("quiet", {}, 0)], [], rules, asked);
    planCommit(held, [seen("quiet", {}, 0), seen("loud")], [], rules, asked);
    planCommit({ ...held, outage: { ...outage, emittedMs: createdMs } }, [], [], rules, asked);
    expect(emits).toEqual([false, true, true]);
  });
});
describe("the events of a commit", () => {
  const filtered = {
    ...rules,
    policies: new Map([
      [ops, patience],
      [chat, patience],
    ]),
  };
  it("are counted for each sink whose filter excludes them", () => {
    const filters = new Map([
      [ops, () => true],
      [chat, ({ subject }: CloudEvent) => subject === "a"],
    ]);
    const plan = planCommit(
      held,
      ["a", "b", "c"].map((name) => seen(name)),
      [],
      { ...filtered, filters },
      moment,
    );
    expect(plan.events.map(({ sinks }) => sinks)).toEqual([[ops, chat], [ops], [ops]]);
    expect(plan.filtered).toEqual(new Map([[chat, 2]]));
  });
  it("age from the later of the two clocks, so that a slow one makes none look old", () => {
    const filters = new Map([[ops, () => true]]);
    const agesFrom = (nowMs: number, apiNowMs: number) =>
      planCommit(
        held,
        [seen("a")],
        [],
        { ...filtered, filters },
        { ...moment, nowMs, apiNowMs },
      ).next.outbox.map(({ committedAtMs }) => committedAtMs);
    expect(agesFrom(createdMs, createdMs + 9)).toEqual([createdMs + 9]);
    expect(agesFrom(createdMs + 9, createdMs)).toEqual([createdMs + 9]);
  });
  it("neither leave nor come back while another run delivers", () => {
    const id = batchId("other/1");
    const waiting = { id, returned: 0, count: 1, bytes: 1, oldestMs: createdMs };
    const owing: Checkpoint = {
      ...held,
      nextSequence: 9,
      outbox: [{ ...entry(1, "old", [ops]), committedAtMs: createdMs - patience.maxAgeMs - minuteMs }],
      parked: new Map([[chat, [waiting]]]),
    };
    const atHand = new Map([[id, parkedDeliveries(2)]]);
    const alone = planCommit(owing, [], [], filtered, { ...moment, atHand });
    expect(alone).toMatchObject({ movesDeliveries: true, deadLetters: [{ reason: "too_old" }] });
    expect(alone.next.outbox.map(({ sequence }) => sequence)).toEqual([2]);
    const besides = planCommit(owing, [], [], filtered, { ...moment, atHand, isOthers: true });
    expect(besides).toMatchObject({ movesDeliveries: false, deadLetters: [], lost: new Map() });
    expect(besides.next).toMatchObject({ outbox: owing.outbox, parked: owing.parked });
  });
});
