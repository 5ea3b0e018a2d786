import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isInWindow, nextWatermark, type WindowFacts } from "../../lib/change/window.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const noonMs = Date.UTC(2026, 0, 1, 12);

const watermark = (facts: Partial<WindowFacts>): number =>
  nextWatermark({
    currentMs: 0,
    newestCreatedMs: noonMs,
    openCreatedMs: [],
    unrecordedMs: [],
    lookbackMs: 15 * minuteMs,
    maxOpenAgeMs: 7 * dayMs,
    nowMs: noonMs,
    ...facts,
  });

describe("the watermark", () => {
  it("lies the lookback behind the newest creation", () => {
    expect(watermark({})).toBe(noonMs - 15 * minuteMs);
  });

  it("is cut down to the second of an open task, so that the boundary second stays inside", () => {
    const createdMs = noonMs - 2 * 60 * minuteMs + 999;
    expect(watermark({ openCreatedMs: [createdMs] })).toBe(createdMs - 999);
  });

  it("stays where it is before any task was seen", () => {
    expect(watermark({ newestCreatedMs: null, currentMs: 42_000 })).toBe(42_000);
  });

  it("leaves an open task behind once it is older than maxOpenAge", () => {
    expect(watermark({ openCreatedMs: [noonMs - 8 * dayMs] })).toBe(noonMs - 15 * minuteMs);
  });

  it("does not follow a task created in the future", () => {
    expect(watermark({ newestCreatedMs: noonMs + 10 * dayMs })).toBe(noonMs - 15 * minuteMs);
  });

  const instantMs = fc.integer({ min: 0, max: 2 * noonMs });
  const facts = fc.record({
    currentMs: instantMs,
    newestCreatedMs: fc.option(instantMs),
    openCreatedMs: fc.array(instantMs),
    unrecordedMs: fc.array(instantMs),
    lookbackMs: fc.integer({ min: 0, max: dayMs }),
    maxOpenAgeMs: fc.integer({ min: 0, max: 30 * dayMs }),
    nowMs: instantMs,
  });

  it("never moves back", () => {
    fc.assert(fc.property(facts, (given) => nextWatermark(given) >= given.currentMs));
  });

  it("keeps in the window every young open task and everything unrecorded that was in it before", () => {
    fc.assert(
      fc.property(facts, (given) => {
        const nextMs = nextWatermark(given);
        const kept = [
          ...given.openCreatedMs.filter((createdMs) => createdMs >= given.nowMs - given.maxOpenAgeMs),
          ...given.unrecordedMs,
        ].filter((createdMs) => createdMs >= given.currentMs);
        return kept.every((createdMs) => isInWindow(createdMs, nextMs));
      }),
    );
  });
});
