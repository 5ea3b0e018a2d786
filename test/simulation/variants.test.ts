import { describe, expect, it } from "vitest";
import type { Violation } from "./history.ts";
import { simulate } from "./simulate.ts";
import type { Variant } from "./variant.ts";
import { variants } from "./variants.ts";

const maxSeeds = 600;

/** The first violation in the order of the seeds. */
async function caught(variant: Variant): Promise<Violation | null> {
  for (let seed = 1; seed <= maxSeeds; seed += 1) {
    const { violation } = await simulate(seed, { variant });
    if (violation) return violation;
  }
  return null;
}

describe("a bridge broken on purpose", () => {
  it.each(variants)(
    "is caught: $name",
    async (variant) => {
      const violation = await caught(variant);
      expect(variant.caughtBy).toContain(violation?.check);
    },
    60_000,
  );
});
