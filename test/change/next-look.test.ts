import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KnownTask } from "../../lib/change/known.ts";
import { nextLookMs } from "../../lib/change/next-look.ts";
import { isFinal } from "../../lib/change/task.ts";

const secondMs = 1_000;
const minuteMs = 60_000;
const everyMs = 5 * secondMs;
const createdAtMs = Date.UTC(2026, 0, 1);

const taskOf = (over: Partial<KnownTask> = {}): KnownTask => ({
  status: "EXECUTING",
  createdAtMs,
  updatedAtMs: createdAtMs,
  name: "restart",
  overdueEmitted: false,
  doubt: null,
  past: [],
  gone: null,
  ...over,
});

/** Milliseconds until the next look at tasks of an age; null when there is none. */
function waitAt(
  ageMs: number,
  tasks: readonly KnownTask[],
  ...durationsMs: readonly number[]
): number | null {
  const nowMs = createdAtMs + ageMs;
  const lookMs = nextLookMs({
    known: tasks,
    durations: new Map([["restart", durationsMs]]),
    nowMs,
    everyMs,
  });
  return lookMs === null ? null : lookMs - nowMs;
}

/** How often a task is looked at until it is this old. */
function looksUntil(endMs: number, ...durationsMs: readonly number[]): number {
  let looks = 0;
  for (let ageMs = 0; ageMs < endMs; ageMs += waitAt(ageMs, [taskOf()], ...durationsMs) ?? endMs) looks += 1;
  return looks;
}

const task = fc.record({
  status: fc.constantFrom("CREATED", "EXECUTING", "PAUSED", "SUCCESS", "FAILED"),
  ageMs: fc.integer({ min: -minuteMs, max: 8 * 24 * 60 * minuteMs }),
  name: fc.constantFrom("restart", "resize"),
  isGone: fc.boolean(),
});
type Drawn = typeof task extends fc.Arbitrary<infer Value> ? Value : never;
const durations = fc.array(fc.integer({ min: 0, max: 240 * minuteMs }), { maxLength: 9 });
const nowMs = createdAtMs + 30 * 24 * 60 * minuteMs;
const knownOf = ({ status, ageMs, name, isGone }: Drawn): KnownTask =>
  taskOf({
    status,
    createdAtMs: nowMs - ageMs,
    name: isFinal(status) ? "" : name,
    gone: isGone ? { sinceMs: nowMs, nextLookMs: nowMs } : null,
  });

describe("the next look at a stream", () => {
  it("is never sooner than `every`, and there is one exactly while a task is open", () => {
    fc.assert(
      fc.property(fc.array(task), durations, (tasks, lasted) => {
        const facts = { durations: new Map([["restart", lasted]]), nowMs, everyMs };
        const lookMs = nextLookMs({ ...facts, known: tasks.map(knownOf) });
        const isOpen = tasks.some(({ status, isGone }) => !isGone && !isFinal(status));
        expect(lookMs !== null).toBe(isOpen);
        if (lookMs !== null) expect(lookMs).toBeGreaterThanOrEqual(nowMs + everyMs);
      }),
    );
  });

  it("is the earliest of its tasks' looks, so that no task puts off another's", () => {
    fc.assert(
      fc.property(fc.array(task, { minLength: 1 }), durations, (tasks, lasted) => {
        const facts = { durations: new Map([["restart", lasted]]), nowMs, everyMs };
        const alone = tasks.flatMap((each) => nextLookMs({ ...facts, known: [knownOf(each)] }) ?? []);
        const together = nextLookMs({ ...facts, known: tasks.map(knownOf) });
        expect(together).toBe(alone.length === 0 ? null : Math.min(...alone));
      }),
    );
  });

  it("comes at every interval throughout the range of the known durations", () => {
    const lasted = fc.array(fc.integer({ min: minuteMs, max: 60 * minuteMs }), {
      minLength: 3,
      maxLength: 9,
    });
    fc.assert(
      fc.property(lasted, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const [least, most] = [Math.min(...all), Math.max(...all)];
        expect(waitAt(Math.round(least + share * (most - least)), [taskOf()], ...all)).toBe(everyMs);
      }),
    );
  });

  it("waits until a task of twenty minutes may end, and is frequent then", () => {
    const usual = [19, 20, 21].map((minutes) => minutes * minuteMs);
    expect(waitAt(minuteMs, [taskOf()], ...usual)).toBe(16 * minuteMs);
    expect(looksUntil(20 * minuteMs, ...usual)).toBeLessThan(40);
  });

  it("follows a task that has not started until it starts, whatever it takes then", () => {
    const usual = [20, 20, 20].map((minutes) => minutes * minuteMs);
    expect(waitAt(minuteMs, [taskOf({ status: "CREATED" })], ...usual)).toBe(everyMs);
  });

  it("follows a task of unknown duration at a sixtieth of its age", () => {
    expect(waitAt(0, [taskOf()])).toBe(everyMs);
    expect(waitAt(5 * minuteMs, [taskOf()], minuteMs, minuteMs)).toBe(everyMs);
    expect(waitAt(20 * minuteMs, [taskOf()])).toBe(20 * secondMs);
    expect(waitAt(60 * minuteMs, [taskOf()])).toBe(minuteMs);
  });

  it("grows rare when a task takes longer than any before, so that a stuck one costs little", () => {
    const usual = [5, 5, 5].map((minutes) => minutes * minuteMs);
    expect(waitAt(30 * minuteMs, [taskOf()], ...usual)).toBeGreaterThan(2 * minuteMs);
    expect(looksUntil(7 * 24 * 60 * minuteMs, ...usual)).toBeLessThan(200);
    expect(looksUntil(7 * 24 * 60 * minuteMs)).toBeLessThan(600);
  });
});
