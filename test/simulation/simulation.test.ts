import { env } from "node:process";
import { describe, expect, it } from "vitest";
import { eachOf } from "../../lib/async/each.ts";
import { FaultCounts } from "./faults.ts";
import { simulate } from "./simulate.ts";

const seeds = Number(env["SIMULATION_SEEDS"] ?? 2_000);
const patienceMs = 60_000 + seeds * 100;

describe("the bridge under every fault at once", () => {
  it(
    "keeps its promises in every history",
    async () => {
      const faults = new FaultCounts();
      const broken: string[] = [];
      await eachOf(
        Array.from({ length: seeds }, (_, index) => index + 1),
        8,
        async (seed) => {
          const outcome = await simulate(seed);
          faults.add(outcome.faults);
          if (outcome.violation)
            broken.push(`npm run test:simulation -- --seed ${seed}: ${outcome.violation.message}`);
        },
      );
      expect(broken).toEqual([]);
      expect(faults.missing()).toEqual([]);
      expect(faults.counts.size).toBeGreaterThanOrEqual(25);
    },
    patienceMs,
  );

  it("plays a seed the same way each time, alone or beside others", async () => {
    const alone = await simulate(7);
    const beside = await Promise.all([simulate(8), simulate(7), simulate(9)]);
    expect(beside[1].hash).toBe(alone.hash);
    expect(beside[0].hash).not.toBe(alone.hash);
  });
});
