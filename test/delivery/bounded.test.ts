import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { sinkName } from "../../lib/core/names.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { bounded } from "../../lib/delivery/bounded.ts";
import { manualClock } from "../harness/clock.ts";
import { sampleEvents } from "../sinks/sample.ts";

/** A sink that does nothing until the test lets it. */
function opened() {
  const clock = manualClock(0);
  const answer = Promise.withResolvers<readonly DeliveryResult[]>();
  const closed = Promise.withResolvers<void>();
  const raw = {
    name: sinkName("trial"),
    batch: { maxEvents: 1, maxBytes: 1 },
    deliver: () => answer.promise,
    close: () => closed.promise,
  };
  const logged: string[] = [];
  const sink = bounded(raw, clock, (_, message) => logged.push(message));
  const run = new AbortController();
  const settled: unknown[] = [];
  const note = (value: unknown): void => void settled.push(value);
  const deliver = (): void => void sink.deliver(sampleEvents(1), { signal: run.signal }).then(note, note);
  return { clock, answer, closed, sink, run, settled, deliver, logged };
}

const accepted: readonly DeliveryResult[] = [{ kind: "accepted" }];

describe("a sink that ignores its signal", () => {
  it("is left half a second after it, before the lease ends", async () => {
    const { clock, run, settled, deliver } = opened();
    deliver();
    await clock.advance(60_000);
    run.abort(new Error("over"));
    await clock.advance(499);
    expect(settled).toEqual([]);
    await clock.advance(1);
    await turn();
    expect(settled).toEqual([new Error("over")]);
  });

  it("is left when its signal was over from the start", async () => {
    const { clock, run, settled, deliver } = opened();
    run.abort(new Error("over"));
    deliver();
    await clock.advance(500);
    await turn();
    expect(settled).toEqual([new Error("over")]);
  });

  it("may answer within that time", async () => {
    const { clock, run, answer, settled, deliver } = opened();
    deliver();
    run.abort(new Error("over"));
    await clock.advance(400);
    answer.resolve(accepted);
    await turn();
    expect(settled).toEqual([accepted]);
  });

  it("may fail later without anybody's harm", async () => {
    const { clock, run, answer, settled, deliver } = opened();
    deliver();
    run.abort(new Error("over"));
    await clock.advance(500);
    answer.reject(new Error("late"));
    await turn();
    expect(settled).toEqual([new Error("over")]);
  });

  it("holds up no end for more than ten seconds", async () => {
    const { clock, sink } = opened();
    const ended = sink.close();
    await clock.advance(10_000);
    await expect(ended).resolves.toBeUndefined();
  });

  it("is closed with a line in the log when its close fails", async () => {
    const { closed, sink, logged } = opened();
    closed.reject(new Error("no"));
    await expect(sink.close()).resolves.toBeUndefined();
    expect(logged).toContain("a sink could not be closed");
  });
});
