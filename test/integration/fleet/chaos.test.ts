import { env } from "node:process";
import { describe, expect, it, vi } from "vitest";
import type { Violation } from "./chaos/judge.ts";
import { play } from "./chaos/play.ts";
import { type Variant, variants } from "./chaos/variants.ts";

vi.mock(import("../../../lib/core/clock.ts"), async (original) => {
  const { virtualClock } = await import("./chaos/virtual-clock.ts");
  return { ...(await original()), systemClock: virtualClock };
});

const seeds = Number(env["FLEET_SEEDS"] ?? 4);
const maxSeeds = 40;

describe("a fleet's functions in trouble", () => {
  it.each(Array.from({ length: seeds }, (_, index) => index + 1))(
    "keep every promise, whatever queues, topic, table, containers and sinks do: seed %i",
    async (seed) => {
      const { violations, tasks, killed } = await play(seed);
      expect(violations).toEqual([]);
      expect(tasks).toBeGreaterThan(5);
      expect(killed).toBeGreaterThan(0);
    },
    120_000,
  );
});

/** The first violation in the order of the seeds. */
async function caught(variant: Variant): Promise<Violation | undefined> {
  for (let seed = 1; seed <= maxSeeds; seed++) {
    const { violations } = await play(seed, variant);
    if (violations[0]) return violations[0];
  }
  return undefined;
}

describe("a fleet broken on purpose", () => {
  it.each(variants)(
    "is caught: $name",
    async (variant) => {
      expect(variant.caughtBy).toContain((await caught(variant))?.check);
    },
    120_000,
  );
});
