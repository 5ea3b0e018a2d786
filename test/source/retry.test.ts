import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SourceError } from "../../lib/core/errors.ts";
import { retryBudget, retryDelayMs, retrying } from "../../lib/source/retry.ts";

const nowMs = Date.parse("2024-08-07T12:00:00Z");

describe("the delay before a retry", () => {
  it("lies within a window that doubles, after whatever the API asked for", () => {
    const random = fc.double({ min: 0, max: 0.999_999, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), random, fc.nat(5_000), (attempt, drawn, retryAfterMs) => {
        const error = new SourceError("throttled", "", { retryAfterMs });
        const delayMs = retryDelayMs(error, attempt, () => drawn);
        expect(delayMs).toBeGreaterThanOrEqual(retryAfterMs);
        expect(delayMs).toBeLessThan(retryAfterMs + 200 * 2 ** (attempt - 1));
      }),
    );
  });

  it.each(["unauthorized", "forbidden", "not_found", "malformed", "rejected"] as const)(
    "does not exist for what is %s",
    (reason) => {
      expect(retryDelayMs(new SourceError(reason, ""), 1, () => 0)).toBeNull();
    },
  );

  it("does not exist after the fourth attempt", () => {
    const error = new SourceError("unavailable", "");
    expect([1, 2, 3, 4].map((attempt) => retryDelayMs(error, attempt, () => 0))).toEqual([0, 0, 0, null]);
  });
});

it("a wait that the run's end cuts short tells what it waited for", async () => {
  const busy = new SourceError("unavailable", "busy");
  const run = new AbortController();
  const clock = { now: () => nowMs, sleep: async () => run.abort() };
  const send = retrying(() => Promise.reject(busy), { clock, random: () => 0, budget: retryBudget(1) });
  const request = { method: "GET", path: "/", query: [], headers: {}, body: "" };
  const sent = send({ operation: "ListInstances", origin: "http://h", request, secrets: [] }, run);
  await expect(sent).rejects.toMatchObject({
    reason: "unavailable",
    message: "ListInstances: the run's time budget ended first",
    cause: busy,
  });
});

describe("an instance that hangs", () => {
  /** Attempts that each take so long; the instants at which they began. */
  async function attempts(takesMs: number, retryAfterMs: number | null = null): Promise<readonly number[]> {
    let now = 0;
    const begun: number[] = [];
    const send = retrying(
      async () => {
        begun.push(now);
        now += takesMs;
        throw new SourceError("unavailable", "no whole answer", { retryAfterMs });
      },
      {
        clock: {
          now: () => now,
          sleep: async (ms) => {
            now += ms;
          },
        },
        random: () => 0,
        budget: retryBudget(10),
      },
    );
    const request = { method: "GET", path: "/", query: [], headers: {}, body: "" };
    const { signal } = new AbortController();
    await expect(
      send({ operation: "ListInstances", origin: "http://h", request, secrets: [] }, { signal }),
    ).rejects.toThrow("no whole answer");
    return begun;
  }

  it("costs one time-out where that is long, and is tried again where it is short", async () => {
    expect(await attempts(15_000)).toEqual([0]);
    expect(await attempts(6_000)).toEqual([0, 6_000]);
    expect(await attempts(1_000)).toHaveLength(4);
  });

  it("is tried again after the wait that it asks for, within ten seconds in all, and at once no more after a longer one", async () => {
    expect(await attempts(0, 2_000)).toEqual([0, 2_000, 4_000, 6_000]);
    expect(await attempts(0, 5_000)).toEqual([0, 5_000]);
    expect(await attempts(0, 5_001)).toEqual([0]);
  });
});

describe("the retry budget", () => {
  it("is spent by retries and earned back by ten successes each, up to what it began with", () => {
    const budget = retryBudget(2);
    expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
    for (let success = 0; success < 9; success++) budget.refill();
    expect(budget.take()).toBe(false);
    budget.refill();
    expect(budget.take()).toBe(true);
    for (let success = 0; success < 100; success++) budget.refill();
    expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
  });
});
