import { describe, expect, it } from "vitest";
import { sinkName } from "../../lib/core/names.ts";
import { bounded } from "../../lib/delivery/bounded.ts";
import { attemptSample } from "../../lib/delivery/sample-attempt.ts";
import { manualClock } from "../harness/clock.ts";
import { type Answer, accepted, refused, scriptedSink } from "../harness/scripted-sink.ts";

const log = () => {};

/** An attempt with a sink that answers so, while time passes. */
async function attempted(answer: Answer, { afterMs, stop }: { afterMs: number; stop?: AbortController }) {
  const clock = manualClock(1_000_000);
  const sink = bounded(scriptedSink(sinkName("ops"), answer), clock, log);
  const { signal } = stop ?? new AbortController();
  const attempt = attemptSample(sink, { clock, log }, { signal });
  await clock.advance(afterMs);
  stop?.abort();
  await clock.advance(1_000);
  return attempt;
}
const never: Answer = () => new Promise(() => {});

describe("an attempt with a sample", () => {
  it("tells what the sink answered", async () => {
    expect((await attempted(() => accepted, { afterMs: 0 })).result).toEqual(accepted);
    expect((await attempted(() => refused, { afterMs: 0 })).result).toEqual(refused);
  });

  it("says how long it waited for a sink that never answers, or that it was stopped: no run is meant", async () => {
    const retry = { kind: "retry", reason: "timeout" };
    const late = await attempted(never, { afterMs: 30_000 });
    expect(late.result).toEqual({ ...retry, detail: "no response within 30 s" });
    const stopped = await attempted(never, { afterMs: 2_000, stop: new AbortController() });
    expect(stopped.result).toEqual({ ...retry, detail: "stopped before a response" });
  });

  it("says so, too, where the sink answers the end of its time", async () => {
    const own = { ...refused, detail: "the run's time budget ended before a response" };
    const answer: Answer = (_, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(own)));
    expect((await attempted(answer, { afterMs: 30_000 })).result).toMatchObject({
      detail: "no response within 30 s",
    });
  });
});
