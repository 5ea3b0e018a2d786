import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lookBudgets } from "../../lib/source/look-budget.ts";
import { manualClock } from "../harness/clock.ts";

const startMs = 1_000_000;
const secondMs = 1_000;
const minuteMs = 60_000;
const never = Number.POSITIVE_INFINITY;

function opened(callsPerMinute = 60) {
  const clock = manualClock(startMs);
  const budgetOf = lookBudgets(clock, callsPerMinute);
  return { clock, budgetOf, budget: budgetOf("key a") };
}

describe("the budget of an access key's looks", () => {
  it("makes a burst of looks wait for each other, and none for another key's", () => {
    const { budget, budgetOf } = opened();
    const takenMs = Array.from({ length: 5 }, () => budgetOf("key a").take(never));
    expect(takenMs).toEqual([0, 1, 2, 3, 4].map((seconds) => startMs + seconds * secondMs));
    expect(budgetOf("key b").take(never)).toBe(startMs);
    expect(budget.take(never)).toBe(startMs + 5 * secondMs);
  });

  it("never grants more than its calls in any minute, whatever asks and when", async () => {
    const asks = fc.array(
      fc.record({ afterMs: fc.integer({ min: 0, max: 20_000 }), pages: fc.integer({ min: 1, max: 5 }) }),
    );
    await fc.assert(
      fc.asyncProperty(asks, fc.integer({ min: 1, max: 120 }), async (steps, callsPerMinute) => {
        const { clock, budget } = opened(callsPerMinute);
        const calls: number[] = [];
        for (const { afterMs, pages } of steps) {
          await clock.advance(afterMs);
          const atMs = budget.take(never) ?? 0;
          await clock.advance(Math.max(0, Math.ceil(atMs - clock.now())));
          calls.push(atMs);
          // Pages follow at once, and are paid for by the looks after them.
          for (let page = 1; page < pages; page += 1) budget.charge();
        }
        const gapMs = minuteMs / callsPerMinute;
        for (const [index, atMs] of calls.entries()) {
          const pages = steps[index - 1]?.pages ?? 0;
          if (index > 0) expect(atMs - (calls[index - 1] ?? 0)).toBeGreaterThanOrEqual(gapMs * pages - 1e-6);
        }
      }),
    );
  });

  it("refuses a look that would come too late, and takes nothing for it", () => {
    const { budget } = opened();
    budget.take(never);
    expect(budget.take(startMs + 500)).toBeNull();
    expect(budget.take(never)).toBe(startMs + secondMs);
  });

  it("pauses after throttling, twice as long each time, and briefly again after an answer", () => {
    const { clock, budget } = opened();
    budget.throttled(null);
    expect(budget.take(never)).toBe(startMs + 15 * secondMs);
    void clock.advance(16 * secondMs);
    budget.throttled(null);
    expect(budget.take(never)).toBe(clock.now() + 30 * secondMs);
    budget.answered();
    void clock.advance(5 * minuteMs);
    budget.throttled(null);
    expect(budget.take(never)).toBe(clock.now() + 15 * secondMs);
  });

  it("pauses for as long as the API asks, for ten minutes at most", () => {
    const { budget } = opened();
    budget.throttled(2 * minuteMs);
    expect(budget.take(never)).toBe(startMs + 2 * minuteMs);
    budget.throttled(24 * 60 * minuteMs);
    expect(budget.take(never)).toBe(startMs + 10 * minuteMs);
  });

  it("forgets a pause that a clock put back has made endless", () => {
    const { clock, budget } = opened();
    budget.throttled(null);
    clock.set(startMs - 60 * minuteMs);
    expect(budget.take(never)).toBe(clock.now());
  });
});
