import { describe, expect, it } from "vitest";
import { hashToUnit } from "../../lib/core/hash-to-unit.ts";

const keys = Array.from({ length: 20_000 }, (_, index) => `rabbitmq/cn-north-4/p1/${index}`);

describe("hashToUnit", () => {
  it("is one and the same for a text, for good: it decides when a stream is polled", () => {
    expect(
      [hashToUnit(""), hashToUnit("rabbitmq/cn-north-4/p1/i1")].map((place) => place.toFixed(6)),
    ).toEqual(["0.668922", "0.923280"]);
  });

  it.each([5, 16, 97])("lies evenly over %i parts for keys that differ at their end", (parts) => {
    const counts = Array<number>(parts).fill(0);
    for (const key of keys) {
      const part = Math.floor(hashToUnit(key) * parts);
      counts[part] = (counts[part] ?? 0) + 1;
    }
    const mean = keys.length / parts;
    // Five standard deviations of a fair throw.
    for (const count of counts) expect(Math.abs(count - mean)).toBeLessThan(5 * Math.sqrt(mean));
  });
});
