import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "../../lib/delivery/circuit-breaker.ts";
import { RateLimit } from "../../lib/delivery/rate-limit.ts";
import { ops } from "../checkpoint/sample.ts";
import { manualClock } from "../harness/clock.ts";
import { failing, policy } from "../harness/dispatcher.ts";
import { accepted, busy, locked, refused, scriptedSink } from "../harness/scripted-sink.ts";

function open({ rate = null, concurrency = 8 }: { rate?: RateLimit | null; concurrency?: number } = {}) {
  const clock = manualClock(0);
  return {
    clock,
    breaker: new CircuitBreaker({ sink: scriptedSink(ops), policy, concurrency, rate, clock }),
  };
}

describe("the way to a sink", () => {
  it("is open after an answer that refuses its event: the sink is well", () => {
    const { breaker } = open();
    for (const result of [busy, busy, refused, busy, busy]) {
      breaker.begin(1);
      breaker.end([result]);
    }
    expect([breaker.state, breaker.failure]).toEqual(["closed", null]);
  });

  it("knows what the last delivery that did not pass was told", () => {
    const { breaker } = open();
    expect(breaker.refused).toBeNull();
    for (const result of [busy, accepted, refused]) {
      breaker.begin(1);
      breaker.end([result]);
    }
    expect(breaker.refused).toMatchObject({ kind: "retrying", message: "HTTP 503" });
  });

  it("rests for as long as an answer asks that blocks", () => {
    const { breaker } = open();
    breaker.begin(1);
    breaker.end([{ kind: "blocked", reason: "not_found", detail: "a page", retryAfterMs: 600_000 }]);
    expect(breaker.failure).toMatchObject({ kind: "blocked", notBeforeMs: 600_000 });
  });

  it("stays closed for the run, whatever was under way is accepted then", () => {
    const { breaker } = open();
    breaker.begin(1);
    breaker.begin(1);
    breaker.end([locked]);
    breaker.end([accepted]);
    expect([breaker.state, breaker.failure?.kind]).toEqual(["open", "blocked"]);
    expect(breaker.allowsAtMs(0)).toBe(Number.POSITIVE_INFINITY);
  });

  it("counts nothing that the end of a run cut off", () => {
    const { breaker } = open();
    for (let time = 0; time < 5; time++) {
      breaker.begin(1);
      breaker.end([]);
    }
    breaker.begin(1);
    breaker.end([busy]);
    expect([breaker.state, breaker.failure]).toEqual(["closed", null]);
  });

  it("remembers since when a sink fails over a probe that fails too", async () => {
    const { breaker, clock } = open();
    breaker.restore({ ...failing, sinceMs: -60_000 });
    await clock.advance(1_000);
    breaker.begin(1);
    breaker.end([busy]);
    expect(breaker.failure).toMatchObject({ sinceMs: -60_000 });
    const { breaker: other, clock: time } = open();
    await time.advance(1_000);
    other.begin(1);
    other.end([locked]);
    expect(other.failure).toMatchObject({ sinceMs: 1_000 });
  });

  it("has one place while a probe is what it wants", () => {
    const { breaker } = open();
    breaker.restore(failing);
    expect(breaker.hasCapacity).toBe(true);
    breaker.begin(1);
    expect(breaker.hasCapacity).toBe(false);
    breaker.end([accepted]);
    for (let place = 0; place < 8; place++) {
      expect(breaker.hasCapacity).toBe(true);
      breaker.begin(1);
    }
    expect(breaker.hasCapacity).toBe(false);
  });

  it("counts a span of its rate from the first event of it, not from the last", async () => {
    const { breaker, clock } = open({ rate: new RateLimit({ events: 2, perMs: 1_000 }) });
    expect(breaker.allowsAtMs(clock.now())).toBe(0);
    breaker.begin(1);
    await clock.advance(900);
    expect(breaker.allowsAtMs(clock.now())).toBe(900);
    breaker.begin(1);
    expect(breaker.allowsAtMs(clock.now())).toBe(1_000);
  });
});
