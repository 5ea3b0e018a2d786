import { describe, expect, it } from "vitest";
import { type DiffRules, diffGone, diffLost, diffTask, isLookDue } from "../../lib/change/diff.ts";
import { isWatched, type KnownTask } from "../../lib/change/known.ts";
import { createdMs, sampleKnown, sampleTask } from "./sample.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const rules: DiffRules = {
  nowMs: createdMs + minuteMs,
  overdueAfterMs: () => null,
  baselineMs: null,
  maxOpenAgeMs: 7 * dayMs,
};
const known = sampleKnown();
const later = (ms: number): DiffRules => ({ ...rules, nowMs: rules.nowMs + ms });
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
    const difference = diffTask(
      known,
      sampleTask({ status: "PAUSED", updatedAtMs: createdMs + 2_000 }),
      rules,
    );
    expect(steps(difference)).toEqual(["EXECUTING -> PAUSED"]);
    expect(difference?.known.name).toBe("bindInstancePublicIp");
  });

  it("is told when a task leaves a final status", () => {
    const failed = { ...known, status: "FAILED", name: "" };
    const resumed = sampleTask({ updatedAtMs: createdMs + 9_000 });
    expect(steps(diffTask(failed, resumed, rules))).toEqual(["FAILED -> EXECUTING"]);
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
    const atEnd = { ...rules, baselineMs: createdMs + 1_000 };
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

  it("is vanished once the API has said in two polls, a minute apart, that it knows no such task", () => {
    const { id } = sampleTask();
    const first = diffGone(id, known, rules);
    expect(steps(first)).toEqual([]);
    const doubted = first?.known ?? known;
    expect(diffGone(id, doubted, later(minuteMs - 1))).toBeNull();
    const second = diffGone(id, doubted, later(minuteMs));
    expect(steps(second)).toEqual(["EXECUTING -> VANISHED"]);
    expect(second && diffGone(id, second.known, later(minuteMs))).toBeNull();
  });

  it("is not vanished for one poll that a later one contradicts", () => {
    const { id } = sampleTask();
    const doubted = diffGone(id, known, rules)?.known ?? known;
    const seen = diffTask(doubted, sampleTask(), later(30_000));
    expect([steps(seen), seen?.known]).toEqual([[], known]);
    expect(steps(diffGone(id, seen?.known ?? doubted, later(2 * minuteMs)))).toEqual([]);
  });

  it("is nothing for an ended task whose record is deleted", () => {
    expect(diffGone(sampleTask().id, { ...known, status: "SUCCESS" }, rules)).toBeNull();
  });

  const vanished = (): KnownTask => {
    const difference = diffLost(sampleTask().id, known, rules);
    if (!difference) throw new Error("the task is open");
    return difference.known;
  };

  it.each(["EXECUTING", "SUCCESS"])(
    "is told from VANISHED when the API shows the task again, %s",
    (status) => {
      const back = diffTask(vanished(), sampleTask({ status, updatedAtMs: createdMs + 1_000 }), rules);
      expect(steps(back)).toEqual([`VANISHED -> ${status}`]);
      expect(back?.known.gone).toBeNull();
    },
  );

  it("looks for a vanished task ever more rarely, and no longer than maxOpenAge", () => {
    const { id } = sampleTask();
    const looks: number[] = [];
    let task = vanished();
    for (let nowMs = rules.nowMs; nowMs < rules.nowMs + 20 * dayMs; nowMs += minuteMs) {
      const now = { ...rules, nowMs };
      if (!isLookDue(task, now)) continue;
      looks.push((nowMs - rules.nowMs) / minuteMs);
      task = diffGone(id, task, now)?.known ?? task;
    }
    expect(looks).toEqual(Array.from({ length: 15 }, (_, index) => 2 ** index));
    expect(isWatched(task)).toBe(false);
  });

  it("takes a look or a doubt that a clock which was ahead has set for none", () => {
    const { id } = sampleTask();
    const ahead = later(30 * dayMs);
    const gone = diffLost(id, known, ahead)?.known ?? known;
    expect(isLookDue(gone, rules)).toBe(true);
    const doubted = diffGone(id, known, ahead)?.known ?? known;
    const anew = diffGone(id, doubted, rules)?.known ?? doubted;
    expect(steps(diffGone(id, anew, later(minuteMs)))).toEqual(["EXECUTING -> VANISHED"]);
  });
});
