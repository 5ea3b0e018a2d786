import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DiffRules, diffTask } from "../../lib/change/diff.ts";
import type { KnownTask } from "../../lib/change/known.ts";
import { isFinal, type Task } from "../../lib/change/task.ts";
import { createdMs, sampleKnown, sampleTask } from "./sample.ts";

const secondMs = 1_000;
const minuteMs = 60_000;
const farMs = createdMs + 70 * 365 * 86_400_000;
const rulesAt = (nowMs: number): DiffRules => ({
  nowMs,
  overdueAfterMs: () => null,
  baselineMs: null,
  maxOpenAgeMs: 7 * 86_400_000,
});

/** Changes that a task's sights lead to, poll by poll. */
class Watched {
  known: KnownTask | undefined;
  readonly told: Task[] = [];

  constructor(known?: KnownTask) {
    this.known = known;
  }

  sees(task: Task, nowMs: number): string {
    const difference = diffTask(this.known, task, rulesAt(nowMs));
    if (!difference) return "nothing";
    this.known = difference.known;
    for (const { task: changed } of difference.changes) this.told.push(changed);
    return difference.changes.length > 0 ? "told" : "noted";
  }
}

type Seen = readonly [status: string, atSecond: number | null | "2099"];
const stampOf = (at: Seen[1]): number | null =>
  at === null ? null : at === "2099" ? farMs : createdMs + at * secondMs;

describe("of two sights of a task", () => {
  const nowMs = createdMs + 60 * minuteMs;
  const sight = ([status, at]: Seen): Task => sampleTask({ status, updatedAtMs: stampOf(at) });

  it.each<[known: Seen, seen: Seen, when: "at once" | "after a minute" | "never"]>([
    // An end beats an open status, whatever the stamps.
    [["EXECUTING", 10], ["SUCCESS", 20], "at once"],
    [["EXECUTING", 10], ["SUCCESS", 10], "at once"],
    [["EXECUTING", 10], ["SUCCESS", 9], "at once"],
    [["EXECUTING", 10], ["SUCCESS", null], "at once"],
    [["EXECUTING", null], ["SUCCESS", 9], "at once"],
    [["EXECUTING", null], ["SUCCESS", null], "at once"],
    [["EXECUTING", "2099"], ["SUCCESS", 20], "at once"],
    [["EXECUTING", 10], ["SUCCESS", "2099"], "at once"],
    [["PAUSED", 10], ["DELETED", 9], "at once"],
    // Nothing comes before the first status.
    [["CREATED", 10], ["EXECUTING", 20], "at once"],
    [["CREATED", 10], ["EXECUTING", 10], "at once"],
    [["CREATED", 10], ["EXECUTING", 9], "at once"],
    [["CREATED", null], ["EXECUTING", null], "at once"],
    [["CREATED", "2099"], ["EXECUTING", 20], "at once"],
    [["CREATED", 10], ["FAILED", null], "at once"],
    // Between open statuses the stamp is the evidence, or the second look.
    [["EXECUTING", 10], ["PAUSED", 20], "at once"],
    [["EXECUTING", 10], ["PAUSED", 10], "after a minute"],
    [["EXECUTING", 10], ["PAUSED", 9], "after a minute"],
    [["EXECUTING", 10], ["PAUSED", null], "after a minute"],
    [["EXECUTING", null], ["PAUSED", 20], "after a minute"],
    [["EXECUTING", 10], ["PAUSED", "2099"], "after a minute"],
    [["EXECUTING", "2099"], ["PAUSED", 20], "after a minute"],
    [["EXECUTING", 10], ["CREATED", 9], "after a minute"],
    [["EXECUTING", 10], ["CREATED", 10], "after a minute"],
    [["EXECUTING", 10], ["CREATED", 20], "at once"],
    // A task that runs again.
    [["FAILED", 10], ["EXECUTING", 20], "at once"],
    [["FAILED", 10], ["EXECUTING", 10], "after a minute"],
    [["FAILED", 10], ["EXECUTING", 9], "after a minute"],
    [["FAILED", 10], ["EXECUTING", null], "after a minute"],
    [["FAILED", null], ["EXECUTING", 20], "after a minute"],
    [["FAILED", null], ["EXECUTING", null], "after a minute"],
    [["FAILED", "2099"], ["EXECUTING", 20], "after a minute"],
    [["FAILED", 10], ["EXECUTING", "2099"], "after a minute"],
    [["FAILED", 10], ["CREATED", 20], "at once"],
    [["FAILED", 10], ["CREATED", null], "after a minute"],
    // Two ends in a row: what came between was not seen.
    [["FAILED", 10], ["SUCCESS", 20], "at once"],
    [["FAILED", 10], ["SUCCESS", 10], "after a minute"],
    [["FAILED", 10], ["SUCCESS", 9], "after a minute"],
    [["FAILED", 10], ["SUCCESS", null], "after a minute"],
    [["FAILED", null], ["SUCCESS", 20], "after a minute"],
    [["FAILED", "2099"], ["SUCCESS", 20], "after a minute"],
    [["SUCCESS", 10], ["DELETED", 20], "at once"],
    // One status is one, whatever its stamp.
    [["EXECUTING", 10], ["EXECUTING", 20], "never"],
    [["EXECUTING", 10], ["EXECUTING", null], "never"],
    [["FAILED", 10], ["FAILED", 20], "never"],
    [["FAILED", null], ["FAILED", 9], "never"],
    [["FAILED", 10], ["FAILED", "2099"], "never"],
  ])("%j and then %j counts %s", ([status, at], seen, when) => {
    const name = isFinal(status) ? "" : "resize";
    const task = new Watched(sampleKnown({ status, updatedAtMs: stampOf(at), name }));
    const looks = [0, minuteMs - 1, minuteMs].map((ms) => task.sees(sight(seen), nowMs + ms));
    expect(looks).toEqual(
      {
        "at once": ["told", "nothing", "nothing"],
        "after a minute": ["noted", "nothing", "told"],
        never: ["nothing", "nothing", "nothing"],
      }[when],
    );
  });

  it("the end told before is no second end, when a lagging replica shows it of a task that runs again", () => {
    const task = new Watched();
    const course: Seen[] = [
      ["FAILED", 10],
      ["EXECUTING", 20],
      ["FAILED", 10],
      ["EXECUTING", 20],
    ];
    for (const [index, seen] of course.entries()) task.sees(sight(seen), nowMs + index * 30_000);
    task.sees(sight(["FAILED", 30]), nowMs + 150_000);
    expect(task.told.map(({ status }) => status)).toEqual(["FAILED", "EXECUTING", "FAILED"]);
  });

  it("an end whose stamp is lower stays, when a lagging replica shows what was before", () => {
    const task = new Watched();
    const course: Seen[] = [
      ["EXECUTING", 10],
      ["SUCCESS", 9],
      ["EXECUTING", 10],
      ["SUCCESS", 9],
      ["EXECUTING", 10],
    ];
    for (const [index, seen] of course.entries()) task.sees(sight(seen), nowMs + index * 50_000);
    expect(task.told.map(({ status }) => status)).toEqual(["EXECUTING", "SUCCESS"]);
  });

  it("what was before a return to the first status is no news, when a lagging replica shows it", () => {
    const task = new Watched();
    const course: Seen[] = [
      ["EXECUTING", 10],
      ["CREATED", 20],
      ["EXECUTING", 10],
      ["CREATED", 20],
      ["EXECUTING", 30],
    ];
    for (const [index, seen] of course.entries()) task.sees(sight(seen), nowMs + index * 30_000);
    expect(task.told.map(({ updatedAtMs }) => updatedAtMs)).toEqual([10, 20, 30].map(stampOf));
  });

  it("only an unbroken minute confirms a doubt", () => {
    const task = new Watched(sampleKnown({ status: "FAILED", updatedAtMs: stampOf(10), name: "" }));
    const course: Seen[] = [
      ["EXECUTING", 9],
      ["FAILED", 10],
      ["EXECUTING", 9],
    ];
    for (const [index, seen] of course.entries()) task.sees(sight(seen), nowMs + index * minuteMs);
    expect(task.told).toEqual([]);
  });
});

/** One state of a task, in the order of truth; what the API says of its instant may be anything. */
interface State {
  readonly status: string;
  readonly fromMs: number;
  readonly updatedAtMs: number | null;
}

const maxLagMs = 50 * secondMs;
const open = ["CREATED", "EXECUTING", "PAUSED"];
const ends = ["SUCCESS", "FAILED", "CANCELLED", "DELETED"];
type Stamp = "right" | "missing" | "low" | "far";

/** Truth: which states a task takes, and when; adjacent ones differ. */
const truth = (
  statuses: fc.Arbitrary<readonly string[]>,
  stamp: fc.Arbitrary<Stamp>,
): fc.Arbitrary<State[]> =>
  fc
    .record({
      statuses,
      lasting: fc.array(fc.integer({ min: 1, max: 5 * minuteMs }), { minLength: 8, maxLength: 8 }),
      stamps: fc.array(stamp, { minLength: 8, maxLength: 8 }),
    })
    .map(({ statuses, lasting, stamps }) => {
      let fromMs = createdMs;
      return statuses
        .filter((status, index) => status !== statuses[index - 1])
        .map((status, index): State => {
          fromMs += lasting[index] ?? 1;
          return { status, fromMs, updatedAtMs: stamped(stamps[index] ?? "right", fromMs) };
        });
    });

const stamped = (stamp: Stamp, atMs: number): number | null =>
  ({ right: atMs, missing: null, low: atMs - 90 * secondMs, far: farMs })[stamp];

const anyStamp = fc.constantFrom<Stamp>("right", "missing", "low", "far");
const right = fc.constant<Stamp>("right");
const anyCourse = fc.array(fc.constantFrom(...open, ...ends), { minLength: 1, maxLength: 6 });
const plainCourse = fc
  .tuple(fc.subarray(open), fc.constantFrom(...ends))
  .map(([before, end]) => [...before, end]);

const polls = fc.array(
  fc.record({
    afterMs: fc.integer({ min: secondMs, max: 3 * minuteMs }),
    lagMs: fc.integer({ min: 0, max: maxLagMs }),
  }),
  { minLength: 1, maxLength: 25 },
);

interface Story {
  readonly task: Watched;
  /** Places in truth, in the order in which they were told and seen. */
  readonly told: readonly number[];
  readonly seen: readonly number[];
}

/** Polls a task through its life, each time from a replica that lags as it likes, and then twice when all is quiet. */
function play(states: readonly State[], looks: readonly { afterMs: number; lagMs: number }[]): Story {
  const task = new Watched();
  const told: number[] = [];
  const seen: number[] = [];
  const look = (nowMs: number, lagMs: number): void => {
    const index = states.findLastIndex(({ fromMs }) => fromMs <= nowMs - lagMs);
    const state = states[index];
    if (!state) return;
    seen.push(index);
    const { status, updatedAtMs } = state;
    if (task.sees(sampleTask({ status, updatedAtMs }), nowMs) === "told") told.push(index);
  };
  let nowMs = createdMs;
  for (const { afterMs, lagMs } of looks) {
    nowMs += afterMs;
    look(nowMs, lagMs);
  }
  nowMs = Math.max(nowMs, states.at(-1)?.fromMs ?? 0) + maxLagMs;
  for (const quietMs of [1, 2, 3]) look(nowMs + quietMs * minuteMs, 0);
  return { task, told, seen };
}

describe("a task whose truth is known", () => {
  it("has its last status told, whatever the stamps, the replicas and the course", () => {
    fc.assert(
      fc.property(truth(anyCourse, anyStamp), polls, (states, looks) => {
        const { task } = play(states, looks);
        const last = states.at(-1)?.status;
        expect([task.known?.status, task.told.at(-1)?.status, task.known?.doubt]).toEqual([last, last, null]);
      }),
      { numRuns: 2_000 },
    );
  });

  it("has its states told in their order and once, when it ends once and its stamps are right", () => {
    fc.assert(
      fc.property(truth(plainCourse, right), polls, (states, looks) => {
        const { told } = play(states, looks);
        expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
      }),
      { numRuns: 2_000 },
    );
  });

  it("has its end told once, after its run, with any stamps, once it was seen to run", () => {
    const running = truth(
      fc.constantFrom(...ends).map((end) => ["EXECUTING", end]),
      anyStamp,
    );
    fc.assert(
      fc.property(running, polls, (states, looks) => {
        const { told, seen } = play(states, looks);
        fc.pre(seen[0] === 0);
        expect(told).toEqual([0, 1]);
      }),
      { numRuns: 2_000 },
    );
  });

  it("has each status told that a poll shows, when the stamps are right and no replica lags", () => {
    fc.assert(
      fc.property(truth(anyCourse, right), polls, (states, looks) => {
        const { told, seen } = play(
          states,
          looks.map(({ afterMs }) => ({ afterMs, lagMs: 0 })),
        );
        const statusOf = (index: number | undefined) => states[index ?? -1]?.status;
        expect(told).toEqual(seen.filter((index, place) => statusOf(index) !== statusOf(seen[place - 1])));
      }),
      { numRuns: 2_000 },
    );
  });
});
