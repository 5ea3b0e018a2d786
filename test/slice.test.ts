import { describe, expect, it } from "vitest";
import type { Checkpoint } from "../lib/checkpoint/checkpoint.ts";
import { begin } from "../lib/checkpoint/transitions.ts";
import { planSlice, type SliceRules } from "../lib/slice.ts";
import { createdMs } from "./change/sample.ts";
import { key, stream } from "./checkpoint/sample.ts";

const minuteMs = 60_000;
const rules: SliceRules = {
  stream: key,
  lookbackMs: 15 * minuteMs,
  maxOpenAgeMs: 7 * 24 * 60 * minuteMs,
  maxBacklog: 1_000,
  policies: new Map(),
  filters: new Map(),
  context: { stream, source: "https://dms.example/v2/p1/instances/i1", instanceName: null },
};
/** The window was held back, for a record that could not be read. */
const held: Checkpoint = {
  ...begin("all", createdMs, rules.maxOpenAgeMs),
  watermarkMs: createdMs - 60 * minuteMs,
  newestCreatedMs: createdMs,
};
const moment = { nowMs: createdMs + minuteMs, fence: null, mayTrim: true };

describe("a slice", () => {
  it("moves the window up to the lookback when all was read", () => {
    expect(planSlice(held, [], [], rules, moment).next.watermarkMs).toBe(createdMs - rules.lookbackMs);
  });

  it("leaves the window where it is when the stream could not be read", () => {
    expect(planSlice(held, [], null, rules, moment).next.watermarkMs).toBe(held.watermarkMs);
  });

  it("ends the baseline only once the stream was read", () => {
    const fresh = begin("now", createdMs, rules.maxOpenAgeMs);
    expect(planSlice(fresh, [], null, rules, moment).next.baselineMs).toBe(createdMs);
    expect(planSlice(fresh, [], [], rules, moment).next.baselineMs).toBeNull();
  });
});
