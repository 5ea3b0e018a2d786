import { describe, expect, it } from "vitest";
import type { StreamKey } from "../../lib/core/names.ts";
import type { RunSummary } from "../../lib/run/summary.ts";
import { isTimer } from "../../lib/serverless/timer.ts";
import { wakes } from "../../lib/wire/wakes.ts";
import { manualClock } from "../harness/clock.ts";

const [a, b] = ["kafka/r/p/a", "kafka/r/p/b"] as StreamKey[] as [StreamKey, StreamKey];

describe("wakes", () => {
  it("of the same streams within five seconds cost one run, a flood of them too", async () => {
    const clock = manualClock(0);
    const once = wakes<RunSummary>(clock);
    let runs = 0;
    const run = async () => ({ runId: String(++runs) }) as RunSummary;
    await Promise.all(Array.from({ length: 500 }, (_, index) => once(index % 2 ? [a, b] : [b, a], run)));
    expect(runs).toBe(1);
    await once([b], run);
    expect(runs).toBe(2);
    await clock.advance(5_000);
    expect(await once([a, b], run)).toEqual({ runId: "3" });
  });

  it("that failed do not count: the next one tries again", async () => {
    const once = wakes<RunSummary>(manualClock(0));
    await expect(once([a], () => Promise.reject(new Error("down")))).rejects.toThrow("down");
    expect(await once([a], async () => ({ runId: "2" }) as RunSummary)).toEqual({ runId: "2" });
  });

  it("are all events but those of a timer", () => {
    for (const timer of [
      { trigger_type: "TIMER" },
      { "detail-type": "Scheduled Event" },
      {},
      { time: "2026-11-24T12:00:00Z" },
      [],
      null,
      undefined,
      "",
      7,
    ])
      expect(isTimer(timer)).toBe(true);
    for (const wake of [
      { Records: [{ EventSource: "aws:sns" }] },
      { trigger_type: "CTS" },
      { "detail-type": "x" },
      { time: "2026-11-24T12:00:00Z", id: "i" },
      ["i"],
      "i",
    ])
      expect(isTimer(wake)).toBe(false);
  });
});
