import { setImmediate } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { sinkName } from "../../../lib/core/names.ts";
import type { DeliveryResult } from "../../../lib/core/result.ts";
import { type Broker, brokerSink } from "../../../lib/sinks/brokers/connection.ts";
import type { Sink } from "../../../lib/sinks/sink.ts";
import { nowMs, running, sampleEvent, sampleEvents, stillClock } from "../sample.ts";

const accepted: DeliveryResult = { kind: "accepted" };
const throttled: DeliveryResult = { kind: "retry", reason: "throttled", detail: "busy" };
const tooLarge: DeliveryResult = { kind: "permanent", reason: "too_large", detail: "big" };

/** Connections are numbers; `log` tells what happens to them. */
function opened(overrides: Partial<Broker<number>> = {}, clock = stillClock) {
  const log: string[] = [];
  let connections = 0;
  const sink = brokerSink<number>(
    sinkName("trial"),
    {
      origin: "broker",
      timeoutMs: 5_000,
      batch: { maxEvents: 10, maxBytes: 1_000 },
      open: async () => {
        connections += 1;
        log.push(`open ${connections}`);
        return connections;
      },
      send: async (connection, events) => {
        log.push(`send ${connection}`);
        return events.map(() => accepted);
      },
      refusal: () => null,
      isLost: () => false,
      close: async (connection) => void log.push(`close ${connection}`),
      ...overrides,
    },
    clock,
  );
  return { sink, log };
}

describe("a sink before a broker", () => {
  it("connects with its first delivery and stays connected", async () => {
    const { sink, log } = opened();
    expect(log).toEqual([]);
    await sink.deliver([sampleEvent()], running());
    await sink.deliver([sampleEvent()], running());
    expect(log).toEqual(["open 1", "send 1", "send 1"]);
    await sink.close();
    await sink.close();
    expect(log.slice(3)).toEqual(["close 1"]);
  });

  it("never connects where nothing is sent", async () => {
    const { sink, log } = opened();
    await sink.deliver([sampleEvent()], { signal: AbortSignal.abort() });
    await sink.close();
    expect(log).toEqual([]);
  });

  it("makes one attempt after the other", async () => {
    const done: string[] = [];
    const { sink } = opened({
      send: async (_, events) => {
        done.push(`begin ${events.length}`);
        await setImmediate();
        done.push(`end ${events.length}`);
        return events.map(() => accepted);
      },
    });
    await Promise.all([sink.deliver(sampleEvents(1), running()), sink.deliver(sampleEvents(2), running())]);
    expect(done).toEqual(["begin 1", "end 1", "begin 2", "end 2"]);
  });

  it.each([
    ["lost", { isLost: (connection: number) => connection === 1 }, 0],
    ["idle for longer than a function's pause", {}, 30_001],
  ])("connects anew where its connection was %s", async (_, overrides, pauseMs) => {
    let now = nowMs;
    const { sink, log } = opened(overrides, { ...stillClock, now: () => now });
    await sink.deliver([sampleEvent()], running());
    now += pauseMs;
    await sink.deliver([sampleEvent()], running());
    expect(log).toEqual(["open 1", "send 1", "close 1", "open 2", "send 2"]);
  });

  it("stays connected over a short pause", async () => {
    let now = nowMs;
    const { sink, log } = opened({}, { ...stillClock, now: () => now });
    await sink.deliver([sampleEvent()], running());
    now += 30_000;
    await sink.deliver([sampleEvent()], running());
    expect(log).toEqual(["open 1", "send 1", "send 1"]);
  });

  it.each([
    ["connects anew after a failure that may pass", throttled, ["open 1", "close 1", "open 2"]],
    ["stays connected after a judgement of the event", tooLarge, ["open 1"]],
  ])("%s", async (_, result, expected) => {
    const { sink, log } = opened({ send: async (_, events) => events.map(() => result) });
    expect(await sink.deliver(sampleEvents(2), running())).toEqual([result, result]);
    await setImmediate();
    await sink.deliver([sampleEvent()], running());
    expect(log.slice(0, expected.length)).toEqual(expected);
    expect(log.filter((line) => line === "open 2")).toHaveLength(expected.includes("open 2") ? 1 : 0);
  });

  it.each(["open", "send"] as const)("answers for each event when %s fails", async (step) => {
    const failing = { [step]: () => Promise.reject(new Error("unreachable")) };
    const { sink } = opened({ ...failing, refusal: () => throttled });
    expect(await sink.deliver(sampleEvents(2), running())).toEqual([throttled, throttled]);
  });

  it("throws a defect, and works again afterwards", async () => {
    let calls = 0;
    const { sink } = opened({
      send: async (_, events) => {
        calls += 1;
        if (calls === 1) throw new TypeError("a defect");
        return events.map(() => accepted);
      },
    });
    await expect(sink.deliver([sampleEvent()], running())).rejects.toThrow("a defect");
    expect(await sink.deliver([sampleEvent()], running())).toEqual([accepted]);
  });

  it.each([
    [
      "its time-out has passed",
      { timeoutMs: 20 },
      () => new AbortController().signal,
      /^broker: no confirmation within 0\.02 s$/,
    ],
    [
      "the run ends",
      {},
      () => AbortSignal.timeout(20),
      /^broker: the run's time budget ended before a confirmation$/,
    ],
  ])(
    "gives up an attempt when %s, and closes the connection that comes too late",
    async (_, options, signal, detail) => {
      const late = Promise.withResolvers<number>();
      const { sink, log } = opened({ open: () => late.promise, ...options });
      expect(await sink.deliver([sampleEvent()], { signal: signal() })).toMatchObject([
        { kind: "retry", reason: "timeout", detail: expect.stringMatching(detail) },
      ]);
      late.resolve(7);
      await setImmediate();
      expect(log).toContain("close 7");
    },
  );

  it.each([
    [
      "gives it up",
      async (sink: Sink) => void (await sink.deliver([sampleEvent()], { signal: AbortSignal.timeout(5) })),
    ],
    ["is closed", (sink: Sink) => sink.close()],
  ])("ends the sockets of its connection when it %s", async (_, end) => {
    const signals: AbortSignal[] = [];
    let calls = 0;
    const { sink } = opened({
      open: async (signal) => signals.push(signal),
      send: async (_, events) => {
        calls += 1;
        return calls === 1 ? events.map(() => accepted) : new Promise(() => {});
      },
    });
    await sink.deliver([sampleEvent()], running());
    expect(signals[0]?.aborted).toBe(false);
    await end(sink);
    await setImmediate();
    expect(signals[0]?.aborted).toBe(true);
  });

  it("counts what is known of an event by the time its attempt is given up", async () => {
    const send: Broker<number>["send"] = (_, __, settle) => {
      settle(1, accepted);
      return new Promise(() => {});
    };
    const { sink } = opened({ send, timeoutMs: 20 });
    expect(await sink.deliver(sampleEvents(3), running())).toMatchObject([
      { kind: "retry", reason: "timeout" },
      accepted,
      { kind: "retry", reason: "timeout" },
    ]);
  });

  it("is closed only after what is under way, and takes nothing more", async () => {
    const confirmed = Promise.withResolvers<readonly DeliveryResult[]>();
    const { sink, log } = opened({ send: () => confirmed.promise });
    const delivery = sink.deliver([sampleEvent()], running());
    const closing = sink.close();
    expect(await sink.deliver([sampleEvent()], running())).toMatchObject([
      { kind: "retry", reason: "network", detail: "broker: the sink is closed" },
    ]);
    await setImmediate();
    expect(log).toEqual(["open 1"]);
    confirmed.resolve([accepted]);
    await closing;
    expect(await delivery).toEqual([accepted]);
    expect(log).toEqual(["open 1", "close 1"]);
  });

  it.each([
    ["never lets go", () => new Promise<void>(() => {})],
    ["fails over it", () => Promise.reject(new Error("broken"))],
  ])("is closed though the broker %s", async (_, close) => {
    const { sink } = opened({ close });
    await sink.deliver([sampleEvent()], running());
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const closing = sink.close();
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(closing).resolves.toBeUndefined();
  });
});
