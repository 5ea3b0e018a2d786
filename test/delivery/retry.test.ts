import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { type Attempt, decide, type RetryPolicy } from "../../lib/delivery/retry.ts";

const policy: RetryPolicy = {
  attemptsPerRun: 3,
  initialDelayMs: 500,
  maxDelayMs: 60_000,
  maxRetryAfterMs: 3_600_000,
  maxAttempts: 5,
  maxAgeMs: 1_000_000,
};
const attempt = (over: Partial<Attempt> = {}): Attempt => ({ attempts: 1, ageMs: 0, nowMs: 1_000, ...over });
const busy: DeliveryResult = { kind: "retry", reason: "server_error", detail: "HTTP 503" };
const locked: DeliveryResult = { kind: "blocked", reason: "unauthorized", detail: "HTTP 401" };
const almostOne = () => 0.999_999;
const waitMs = (result: DeliveryResult, over: Partial<Attempt> = {}): number | string => {
  const decision = decide(result, attempt(over), policy, almostOne);
  return decision.kind === "wait" ? decision.pending.nextAttemptMs - 1_000 : decision.kind;
};

describe("the decision on a sink's answer", () => {
  it("settles what is accepted", () => {
    expect(decide({ kind: "accepted" }, attempt(), policy, almostOne)).toEqual({ kind: "settle" });
  });

  it("gives up what will never pass, with the sink's reason", () => {
    const refused: DeliveryResult = { kind: "permanent", reason: "rejected", detail: "HTTP 400" };
    expect(decide(refused, attempt(), policy, almostOne)).toEqual({
      kind: "give-up",
      reason: "rejected",
      detail: "HTTP 400",
    });
  });

  it("doubles the bound of the wait up to the longest", () => {
    expect([1, 2, 3, 4].map((attempts) => waitMs(busy, { attempts }))).toEqual([500, 1_000, 2_000, 4_000]);
    expect(
      decide(busy, attempt({ attempts: 900 }), { ...policy, maxAttempts: null }, almostOne),
    ).toMatchObject({
      pending: { nextAttemptMs: 61_000 },
    });
  });

  it("waits anything from nothing to the bound", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (chance) => {
        const decision = decide(busy, attempt(), policy, () => chance);
        expect(decision).toMatchObject({
          pending: { attempts: 1, nextAttemptMs: 1_000 + Math.round(chance * 500) },
        });
      }),
    );
  });

  it("obeys Retry-After, up to the longest that is obeyed", () => {
    expect(waitMs({ ...busy, retryAfterMs: 30_000 })).toBe(30_000);
    expect(waitMs({ ...busy, retryAfterMs: 9e15 })).toBe(3_600_000);
    expect(waitMs({ ...busy, retryAfterMs: -5 })).toBe(0);
  });

  it("gives up after the last attempt, and at the greatest age", () => {
    expect(waitMs(busy, { attempts: 4 })).not.toBe("give-up");
    expect(decide(busy, attempt({ attempts: 5 }), policy, almostOne)).toMatchObject({
      kind: "give-up",
      reason: "too_many_attempts",
    });
    expect(waitMs(busy, { ageMs: 999_999 })).not.toBe("give-up");
    expect(decide(busy, attempt({ ageMs: 1_000_000 }), policy, almostOne)).toMatchObject({
      kind: "give-up",
      reason: "too_old",
    });
  });

  it("never counts attempts against an event while the sink waits for its operator", () => {
    expect(waitMs(locked, { attempts: 500 })).not.toBe("give-up");
    expect(decide(locked, attempt({ ageMs: 1_000_000 }), policy, almostOne)).toMatchObject({
      kind: "give-up",
      reason: "too_old",
    });
  });
});
