import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateLimit } from "../../lib/delivery/rate-limit.ts";

describe("a rate", () => {
  it("lets no more than its events go in any span, however they come", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), gaps, (events, gapsMs) => {
        const rate = new RateLimit({ events, perMs: 1_000 });
        const wentMs: number[] = [];
        let nowMs = 0;
        for (const gapMs of gapsMs) {
          nowMs = rate.opensAtMs(nowMs + gapMs);
          rate.take(1, nowMs);
          wentMs.push(nowMs);
        }
        for (const [index, ms] of wentMs.entries()) {
          const later = wentMs[index + events];
          if (later !== undefined) expect(later - ms).toBeGreaterThanOrEqual(1_000);
        }
      }),
    );
  });

  it("opens as soon as the oldest of its events is a span old", () => {
    const rate = new RateLimit({ events: 2, perMs: 1_000 });
    rate.take(1, 0);
    rate.take(1, 900);
    expect([rate.opensAtMs(950), rate.opensAtMs(1_200)]).toEqual([1_000, 1_200]);
    rate.take(1, 1_200);
    expect(rate.opensAtMs(1_300)).toBe(1_900);
  });

  it("stays shut for no longer when the clock is set back", () => {
    const rate = new RateLimit({ events: 1, perMs: 1_000 });
    rate.take(1, 5_000_000);
    expect(rate.opensAtMs(2_000_000)).toBe(2_001_000);
  });
});
