import { describe, expect, it } from "vitest";
import type { BreakerState } from "../../lib/checkpoint/checkpoint.ts";
import { RateLimit } from "../../lib/delivery/rate-limit.ts";
import { freeReceives, type SinkState, type Waiting, waitSeconds } from "../../lib/fleet/waits.ts";

const nowMs = 10_000_000;
const well: SinkState = { failure: null, rate: null };
const untried = (task: string, receives = 1): Waiting => ({ task, receives, dueMs: null });
const tried = (task: string, inMs: number): Waiting => ({ task, receives: 1, dueMs: nowMs + inMs });
const failure = (inMs: number, sinceMs = nowMs): BreakerState => ({
  kind: "failing",
  reason: "throttled",
  message: "HTTP 429",
  httpStatus: 429,
  sinceMs,
  notBeforeMs: nowMs + inMs,
});
const limited = (events: number, perMs: number): RateLimit => {
  const rate = new RateLimit({ events, perMs });
  rate.take(events, nowMs);
  return rate;
};

describe("the wait of a message", () => {
  it("is until its next attempt, in whole seconds rounded up", () => {
    expect(waitSeconds([tried("a", 1_500), tried("b", 0)], well, nowMs)).toEqual([2, 0]);
  });

  it("is at least that of an earlier message of its task, so that it does not become visible first", () => {
    const waiting = [tried("a", 7_000), untried("a"), tried("b", 1_000)];
    expect(waitSeconds(waiting, well, nowMs)).toEqual([7, 7, 1]);
    expect(waitSeconds([untried("a", freeReceives + 1), untried("a")], well, nowMs)).toEqual([1_800, 1_800]);
  });

  it("is until the sink may be tried again, where it was not tried itself", () => {
    const waiting = [tried("a", 4_000), untried("b")];
    expect(waitSeconds(waiting, { ...well, failure: failure(0) }, nowMs)).toEqual([4, 4]);
    expect(waitSeconds(waiting, { ...well, failure: failure(90_000) }, nowMs)).toEqual([4, 90]);
  });

  it("grows with the time that the sink has failed, to a quarter of an hour", () => {
    for (const [lastedMs, seconds] of [
      [20_000, 20],
      [400_000, 400],
      [9_000_000, 900],
    ] as const) {
      const state = { ...well, failure: failure(0, nowMs - lastedMs) };
      expect(waitSeconds([untried("a")], state, nowMs)).toEqual([seconds]);
    }
  });

  it("is until the rate lets it go, each behind the other, to a quarter of an hour", () => {
    const rate = limited(2, 60_000);
    const three = [untried("a"), untried("b"), untried("c")];
    expect(waitSeconds(three, { ...well, rate }, nowMs)).toEqual([60, 90, 120]);
    expect(waitSeconds([untried("d")], { ...well, rate }, nowMs)).toEqual([150]);
    const slow = limited(1, 3_600_000);
    expect(waitSeconds([untried("a")], { ...well, rate: slow }, nowMs)).toEqual([900]);
  });

  it("is nothing where only the time was up", () => {
    const rate = new RateLimit({ events: 2, perMs: 60_000 });
    expect(waitSeconds([untried("a"), untried("b"), untried("c")], { ...well, rate }, nowMs)).toEqual([
      0, 0, 0,
    ]);
  });

  it("is half an hour once the message was received very often, whatever it waits for", () => {
    const waiting = [untried("a", freeReceives), untried("b", freeReceives + 1)];
    expect(waitSeconds(waiting, well, nowMs)).toEqual([0, 1_800]);
  });

  it("is never more than SQS takes, counted from the receive on", () => {
    expect(waitSeconds([tried("a", 1e12)], well, nowMs)).toEqual([41_400]);
  });
});
