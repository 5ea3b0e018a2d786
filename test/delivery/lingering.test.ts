import { describe, expect, it } from "vitest";
import { sinkName } from "../../lib/core/names.ts";
import { graceMs, lingering } from "../../lib/delivery/lingering.ts";
import type { Sink } from "../../lib/sinks/sink.ts";
import { sampleEvents, stillClock } from "../sinks/sample.ts";

/** A sink that answers when its signal aborts, and a clock that stands still until it is let go. */
function setUp() {
  const stop = new AbortController();
  const abandon = new AbortController();
  const run = new AbortController();
  const time = Promise.withResolvers<void>();
  const slept: number[] = [];
  const sink: Sink = {
    name: sinkName("trial"),
    batch: { maxEvents: 1, maxBytes: 1 },
    deliver: (_, { signal }) =>
      new Promise((resolve) => {
        const cut = () => resolve([{ kind: "retry", reason: "timeout", detail: "cut off" }]);
        if (signal.aborted) cut();
        else signal.addEventListener("abort", cut);
        confirmed.promise.then(() => resolve([{ kind: "accepted" }]));
      }),
    close: async () => {},
  };
  const confirmed = Promise.withResolvers<void>();
  const clock = {
    ...stillClock,
    sleep: (ms: number, signal: AbortSignal): Promise<void> => {
      slept.push(ms);
      const ended = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      return Promise.race([time.promise, ended]);
    },
  };
  const telling = { stop: stop.signal, abandon: abandon.signal };
  const delivery = () => lingering(sink, telling, clock).deliver(sampleEvents(1), { signal: run.signal });
  return { stop, abandon, run, time, slept, confirmed, delivery };
}

const isCutOff = [{ kind: "retry", reason: "timeout", detail: "cut off" }];

describe("an attempt under way when its process is told to stop", () => {
  it("may still be confirmed for three seconds", async () => {
    const { stop, run, confirmed, slept, delivery } = setUp();
    const result = delivery();
    stop.abort();
    run.abort();
    confirmed.resolve();
    expect(await result).toEqual([{ kind: "accepted" }]);
    expect(slept).toEqual([graceMs]);
  });

  it.each(["time", "abandon"] as const)("is cut off by %s", async (by) => {
    const harness = setUp();
    const result = harness.delivery();
    harness.stop.abort();
    harness.run.abort();
    if (by === "time") harness.time.resolve();
    else harness.abandon.abort();
    expect(await result).toEqual(isCutOff);
  });
});

describe("an attempt whose run ends", () => {
  it("ends at once", async () => {
    const { run, slept, delivery } = setUp();
    const result = delivery();
    run.abort();
    expect(await result).toEqual(isCutOff);
    expect(slept).toEqual([]);
  });

  it("does not begin", async () => {
    const { stop, run, slept, delivery } = setUp();
    stop.abort();
    run.abort();
    expect(await delivery()).toEqual(isCutOff);
    expect(slept).toEqual([]);
  });
});
