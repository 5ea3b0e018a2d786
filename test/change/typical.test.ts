import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Durations, typicalMsOf, withDuration } from "../../lib/change/typical.ts";

const none: Durations = new Map();
const taking = (...durationsMs: readonly number[]): Durations =>
  durationsMs.reduce((durations, ms) => withDuration(durations, "resize", ms), none);

describe("how long a task usually takes", () => {
  it("is the middle of what successful tasks of its name took", () => {
    expect(typicalMsOf(taking(9_000, 1_000, 2_000), "resize")).toBe(2_000);
    expect(typicalMsOf(taking(9_000, 1_000, 2_000, 3_001), "resize")).toBe(2_501);
  });

  it("is not known before three have succeeded, nor of another name", () => {
    expect(typicalMsOf(none, "resize")).toBeNull();
    expect(typicalMsOf(taking(1_000, 1_000), "resize")).toBeNull();
    expect(typicalMsOf(taking(1_000, 1_000, 1_000), "restart")).toBeNull();
  });

  it("follows the last nine", () => {
    const days = Array.from({ length: 9 }, () => 5_000);
    expect(typicalMsOf(taking(...Array.from({ length: 50 }, () => 90_000), ...days), "resize")).toBe(5_000);
  });

  it("is forgotten of the name that was heard of longest ago, beyond 64 names", () => {
    const names = Array.from({ length: 64 }, (_, index) => `n${index}`);
    const full = names.reduce((durations, name) => withDuration(durations, name, 1), none);
    const next = withDuration(withDuration(full, "n0", 2), "new", 3);
    expect([next.has("n0"), next.has("n1"), next.has("n2"), next.has("new")]).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  const successes = fc.array(
    fc.tuple(fc.oneof(fc.constantFrom("a", "b", "__proto__"), fc.string({ maxLength: 300 })), fc.nat()),
    { maxLength: 200 },
  );

  it("lies between what the last nine took, as many below it as above, whatever came", () => {
    fc.assert(
      fc.property(successes, (list) => {
        const durations = list.reduce((known, [name, ms]) => withDuration(known, name, ms), none);
        for (const [name, kept] of durations) {
          expect(kept).toEqual(list.flatMap(([each, ms]) => (each === name ? [ms] : [])).slice(-kept.length));
          const usualMs = typicalMsOf(durations, name);
          expect(usualMs === null).toBe(kept.length < 3);
          if (usualMs === null) continue;
          expect(Number.isInteger(usualMs)).toBe(true);
          const below = kept.filter((ms) => ms < usualMs - 1).length;
          const above = kept.filter((ms) => ms > usualMs + 1).length;
          expect(Math.max(below, above)).toBeLessThanOrEqual(kept.length / 2);
        }
      }),
    );
  });

  it("takes little room, whatever came, and changes nothing in place", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 300 }), { maxLength: 300 }), (names) => {
        let durations = none;
        for (const name of names) {
          const before = JSON.stringify([...durations]);
          const next = withDuration(durations, name, 1);
          expect(JSON.stringify([...durations])).toBe(before);
          durations = next;
        }
        expect(durations.size).toBeLessThanOrEqual(64);
        for (const [name, kept] of durations) {
          expect(name.length).toBeLessThanOrEqual(200);
          expect(kept.length).toBeLessThanOrEqual(9);
        }
      }),
    );
  });
});
