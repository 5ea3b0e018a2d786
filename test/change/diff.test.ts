import { describe, expect, it } from "vitest";
import { type DiffRules, diffGone, diffTask } from "../../lib/change/diff.ts";
import type { KnownTask } from "../../lib/change/known.ts";
import { createdMs, sampleTask } from "./sample.ts";

const rules: DiffRules = { nowMs: createdMs + 60_000, overdueAfterMs: () => null, baselineMs: null };
const known: KnownTask = {
  status: "EXECUTING",
  createdAtMs: createdMs,
  updatedAtMs: createdMs + 1_000,
  name: "bindInstancePublicIp",
  overdueTold: false,
  vanishedTold: false,
  gone: false,
};
const steps = (difference: ReturnType<typeof diffTask>) =>
  difference?.changes.map(({ from, to }) => `${from} -> ${to}`);

describe("a task's difference from what is known", () => {
  it("is its status, for a task seen for the first time", () => {
    expect(steps(diffTask(undefined, sampleTask(), rules))).toEqual(["null -> EXECUTING"]);
  });

  it("is nothing while the status stays, even when updated_at moves", () => {
    expect(diffTask(known, sampleTask({ updatedAtMs: createdMs + 9_000 }), rules)).toBeNull();
  });

  it("is the step to the new status", () => {
    const ended = sampleTask({ status: "SUCCESS", updatedAtMs: createdMs + 5_000 });
    expect(steps(diffTask(known, ended, rules))).toEqual(["EXECUTING -> SUCCESS"]);
  });

  it("carries an unknown status as it is, and counts it as open", () => {
    const difference = diffTask(known, sampleTask({ status: "PAUSED" }), rules);
    expect(steps(difference)).toEqual(["EXECUTING -> PAUSED"]);
    expect(difference?.known.name).toBe("bindInstancePublicIp");
  });

  it("is told when a task leaves a final status", () => {
    const failed = { ...known, status: "FAILED", name: "" };
    const resumed = sampleTask({ updatedAtMs: createdMs + 9_000 });
    expect(steps(diffTask(failed, resumed, rules))).toEqual(["FAILED -> EXECUTING"]);
  });

  it.each([
    ["an older answer", { status: "CREATED", updatedAtMs: createdMs }],
    ["an earlier status of the same instant", { status: "CREATED" }],
  ])("is nothing for %s", (_, stale) => {
    expect(diffTask(known, sampleTask(stale), rules)).toBeNull();
  });

  it("is nothing to tell, yet something to remember, for a task that had ended before the baseline", () => {
    const ended = sampleTask({ status: "SUCCESS" });
    const difference = diffTask(undefined, ended, { ...rules, baselineMs: createdMs + 2_000 });
    expect(difference?.changes).toEqual([]);
    expect(difference?.known.status).toBe("SUCCESS");
  });

  it("is told for a known task that ends, whatever the baseline", () => {
    const ended = sampleTask({ status: "SUCCESS", updatedAtMs: createdMs + 5_000 });
    expect(steps(diffTask(known, ended, { ...rules, baselineMs: createdMs + 9_000 }))).toEqual([
      "EXECUTING -> SUCCESS",
    ]);
  });

  it("is told for a task that ends in the very instant of the baseline", () => {
    const ended = sampleTask({ status: "SUCCESS" });
    const atEnd = { ...rules, baselineMs: ended.updatedAtMs };
    expect(steps(diffTask(undefined, ended, atEnd))).toEqual(["null -> SUCCESS"]);
  });

  it("leaves of an ended task nothing but what tells it apart", () => {
    expect(diffTask(undefined, sampleTask({ status: "SUCCESS" }), rules)?.known).toEqual({
      ...known,
      status: "SUCCESS",
      name: "",
    });
  });

  it("is told for a task that ends after the baseline, and for one that is open at it", () => {
    const late = { ...rules, baselineMs: createdMs };
    expect(steps(diffTask(undefined, sampleTask({ status: "SUCCESS" }), late))).toEqual(["null -> SUCCESS"]);
    const open = { ...rules, baselineMs: createdMs + 2_000 };
    expect(steps(diffTask(undefined, sampleTask(), open))).toEqual(["null -> EXECUTING"]);
  });

  it("is overdue once, when a task stays open past the limit of its name", () => {
    const limited = {
      ...rules,
      overdueAfterMs: (name: string) => (name === "bindInstancePublicIp" ? 30_000 : null),
    };
    const first = diffTask(known, sampleTask(), limited);
    expect(steps(first)).toEqual(["EXECUTING -> OVERDUE"]);
    expect(diffTask(first?.known, sampleTask(), limited)).toBeNull();
    expect(diffTask(known, sampleTask(), { ...limited, nowMs: createdMs + 30_000 })).toBeNull();
    expect(steps(diffTask(known, sampleTask({ status: "SUCCESS" }), limited))).toEqual([
      "EXECUTING -> SUCCESS",
    ]);
  });

  it("is vanished once, when the API no longer knows an open task", () => {
    const { id } = sampleTask();
    const gone = diffGone(id, known);
    expect(steps(gone)).toEqual(["EXECUTING -> VANISHED"]);
    expect(gone && diffGone(id, gone.known)).toBeNull();
    expect(diffGone(id, { ...known, status: "SUCCESS" })).toBeNull();
  });

  it("follows a task that comes back, without telling that it vanished a second time", () => {
    const gone = diffGone(sampleTask().id, known);
    const back = diffTask(gone?.known, sampleTask(), rules);
    expect(back?.changes).toEqual([]);
    expect(back?.known.gone).toBe(false);
    expect(back && diffGone(back.id, back.known)?.changes).toEqual([]);
  });
});
