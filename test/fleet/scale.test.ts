import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { withFigures } from "../../build/docs/scale.ts";
import { compactMonth, fleetMonth, rules } from "../../build/docs/scale-model.ts";
import { loadConfigValue } from "../../lib/config/load.ts";
import { configSchema } from "../../lib/config/schema.ts";
import { deps, written } from "../config/sample.ts";

const page = await readFile(new URL("../../docs/scale.md", import.meta.url), "utf8");

describe("docs/scale.md", () => {
  it("has the figures that the planner gives, up to a million streams", async () => {
    expect(withFigures(page)).toBe(page);
    expect(page.match(/<!-- figures: /g)).toHaveLength(8);
  }, 120_000);

  it("counts with the configuration's defaults", async () => {
    const { config } = await loadConfigValue(written(), deps);
    const { maxIdleMs: maxIdle, shardSize, burst } = rules;
    expect(config.fleet).toEqual({ maxIdle, shardSize, burst });
    expect(Object.keys(configSchema.entries)).toContain("fleet");
  });
});

describe("the model of a fleet's month", () => {
  it("polls each stream once in five minutes, and little more for a task a day", () => {
    for (const instances of [1, 100, 2_000]) {
      const turns = instances * (43_200 / 5);
      const { polls } = fleetMonth(instances);
      // A task of five minutes brings five plans, three more as it becomes quiet, and takes the place of some turns.
      expect(polls).toBeGreaterThan(turns);
      expect(polls).toBeLessThan(turns * 1.04);
    }
  });

  it("sends no more messages than streams, nor fewer than full shards", () => {
    for (const instances of [1, 100, 2_000]) {
      const { polls, messages, sends, pollInvocations } = fleetMonth(instances);
      expect(messages).toBeLessThanOrEqual(polls);
      expect(messages).toBeGreaterThanOrEqual(polls / rules.shardSize);
      expect(sends).toBeGreaterThanOrEqual(messages / 10);
      expect(pollInvocations).toBe(messages);
    }
  });

  it("asks the API a fifth of what the compact topology does", () => {
    const ratio = compactMonth(2_000).polls / fleetMonth(2_000).polls;
    expect(ratio).toBeGreaterThan(4.7);
    expect(ratio).toBeLessThan(5);
  });
});
