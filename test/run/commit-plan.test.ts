import { describe, expect, it } from "vitest";
import type { Difference } from "../../lib/change/diff.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { batchId } from "../../lib/checkpoint/parked.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { taskId } from "../../lib/core/names.ts";
import {
  type CommitMoment,
  type CommitPlan,
  type CommitRules,
  planCommit,
} from "../../lib/run/commit-plan.ts";
import { createdMs, sampleTask } from "../change/sample.ts";
import { key, stream } from "../checkpoint/sample.ts";

const minuteMs = 60_000;
const rules: CommitRules = {
  stream: key,
  lookbackMs: 15 * minuteMs,
  maxOpenAgeMs: 7 * 24 * 60 * minuteMs,
  maxBacklog: 1_000,
  policies: new Map(),
  filters: new Map(),
  unreadableAfterMs: null,
  context: { stream, source: "https://dms.example/v2/p1/instances/i1", instanceName: null },
};
/** The window was held back, for a record that could not be read. */
const held: Checkpoint = {
  ...begin("all", createdMs, rules.maxOpenAgeMs),
  watermarkMs: createdMs - 60 * minuteMs,
  newestCreatedMs: createdMs,
};
const moment: CommitMoment = {
  agingMs: createdMs + minuteMs,
  nowMs: createdMs + minuteMs,
  apiNowMs: createdMs + minuteMs,
  leaseFor: () => null,
  outageBefore: null,
  isOthers: false,
  atHand: new Map(),
  newBatchId: () => batchId("run/1"),
};

describe("a slice", () => {
  it("moves the window up to the lookback when all was read", () => {
    expect(planCommit(held, [], [], rules, moment).next.watermarkMs).toBe(createdMs - rules.lookbackMs);
  });

  it("leaves the window where it is when the stream could not be read", () => {
    expect(planCommit(held, [], null, rules, moment).next.watermarkMs).toBe(held.watermarkMs);
  });

  it("tells of each task what was usual before it, and learns from what succeeds", () => {
    const ended = (to: string, tookMs: number, index: number): Difference => {
      const task = sampleTask({
        id: taskId(`t${index}`),
        status: to,
        createdAtMs: createdMs,
        updatedAtMs: createdMs + tookMs,
      });
      const known = { ...task, overdueEmitted: false, doubt: null, past: [], gone: null };
      return { id: task.id, changes: [{ task, from: "EXECUTING", to }], known };
    };
    const usualIn = ({ events }: CommitPlan) => events.map(({ event }) => event.data.change.usualMs);
    const first = planCommit(
      held,
      [ended("SUCCESS", 1_000, 1), ended("SUCCESS", 9_000, 2)],
      [],
      rules,
      moment,
    );
    expect(usualIn(first)).toEqual([undefined, undefined]);
    const next = [ended("FAILED", 90_000, 3), ended("SUCCESS", 2_000, 4), ended("FAILED", 1_000, 5)];
    const second = planCommit(first.next, next, [], rules, moment);
    expect(usualIn(second)).toEqual([undefined, undefined, 2_000]);
    expect(second.next.durations).toEqual(new Map([["bindInstancePublicIp", [1_000, 9_000, 2_000]]]));
  });

  it("ends the baseline only once the stream was read", () => {
    const fresh = begin("now", createdMs, rules.maxOpenAgeMs);
    expect(planCommit(fresh, [], null, rules, moment).next.baselineMs).toBe(createdMs);
    expect(planCommit(fresh, [], [], rules, moment).next.baselineMs).toBeNull();
  });
});
