import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { taskId } from "../../lib/core/names.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { RateLimit } from "../../lib/delivery/rate-limit.ts";
import type { BatchLimits } from "../../lib/sinks/sink.ts";
import { createdMs } from "../change/sample.ts";
import { entry, key, ops } from "../checkpoint/sample.ts";
import { runUntilSettled } from "../harness/clock.ts";
import { dispatcherHarness, failing } from "../harness/dispatcher.ts";
import { type Answer, accepted, busy, type ScriptedSink, scriptedSink } from "../harness/scripted-sink.ts";

const many: BatchLimits = { maxEvents: 100, maxBytes: 1e6 };
const digests: BatchLimits = { ...many, digestAbove: 3 };

/** A sink that notes the tasks of each of its batches. */
function batching(limits: BatchLimits, answer?: Answer) {
  const sink: ScriptedSink = scriptedSink(ops, answer, limits);
  const batches: string[][] = [];
  const { deliver } = sink;
  sink.deliver = (events, options) => {
    batches.push(events.map(({ subject }) => subject));
    return deliver(events, options);
  };
  return { sink, batches };
}

const some = (stream: string, count: number, first = 1) =>
  Array.from({ length: count }, (_, index) => entry(first + index, `${stream}${index}`));

describe("a dispatcher that several streams share", () => {
  it("serves them in turn, so that one with much to tell delays none of the others", async () => {
    const { sink, batches } = batching({ maxEvents: 1, maxBytes: 1e6 });
    const { send } = dispatcherHarness(sink, { concurrency: 1 });
    await Promise.all([send(some("a", 4)), send(some("b", 2)), send(some("c", 1))]);
    expect(batches.flat()).toEqual(["a0", "a1", "b0", "c0", "a2", "b1", "a3"]);
  });

  it("sends what is added while it sends, tells when it rests, and gives its receipts as they come", async () => {
    const { sink, batches } = batching({ maxEvents: 1, maxBytes: 1e6 });
    const { clock, breaker, dispatcher, abort } = dispatcherHarness(sink, { concurrency: 1 });
    let rests = 0;
    const work = {
      stream: key,
      record: { outbox: some("a", 2), messages: new Map() },
      agingMs: () => createdMs,
      stopAtMs: createdMs + 30_000,
      attempted: () => {},
    };
    const delivery = dispatcher.open(work, abort, () => {
      rests += 1;
    });
    dispatcher.add(delivery, some("b", 2, 3));
    await turn();
    expect([batches.flat(), rests, delivery.isResting]).toEqual([["a0", "a1", "b0", "b1"], 1, true]);
    expect(delivery.collect().receipts.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    sink.answer = () => busy;
    dispatcher.add(delivery, some("c", 1, 5));
    expect(delivery.isResting).toBe(false);
    await turn();
    await clock.advance(20_000);
    expect([rests, breaker.state, delivery.collect().receipts.length]).toEqual([2, "open", 1]);
    dispatcher.add(delivery, some("d", 1, 6));
    expect([rests, delivery.isResting, delivery.collect().receipts]).toEqual([3, true, []]);
  });

  it("fills batches from all of them, and gives each its own receipts", async () => {
    const { sink, batches } = batching(many, ({ subject }) => (subject === "b1" ? busy : accepted));
    const { clock, send } = dispatcherHarness(sink, { concurrency: 1 });
    const [first, second, third] = await runUntilSettled(
      clock,
      Promise.all([send(some("a", 1)), send(some("b", 2)), send(some("c", 1))]),
    );
    expect(batches).toEqual([["a0"], ["b0", "c0", "b1"], ["b1"], ["b1"]]);
    expect([first?.accepted, second?.accepted, third?.accepted]).toEqual([1, 1, 1]);
    expect(second?.receipts).toMatchObject([
      { sequence: 1, pending: null },
      { sequence: 2, pending: { attempts: 3 } },
    ]);
  });

  it("sends one probe for all of them while the sink fails: the least tried event", async () => {
    const { sink, batches } = batching(many, () => busy);
    const { send, breaker } = dispatcherHarness(sink, { trouble: failing });
    const tried = { ...entry(1, "a"), pending: new Map([[ops, { attempts: 4, nextAttemptMs: 0 }]]) };
    breaker.restore({ ...failing, notBeforeMs: createdMs + 1 });
    await Promise.all([send([tried]), send(some("b", 3))]);
    expect(batches).toEqual([["a"]]);
    const again = batching(many, () => busy);
    const held = dispatcherHarness({ ...again.sink, batch: digests }, { trouble: failing });
    held.dispatcher.hold();
    const sending = [held.send([tried]), held.send(some("b", 3))];
    held.dispatcher.release();
    await Promise.all(sending);
    expect(again.batches).toEqual([["b0"]]);
  });

  it("probes with the first of those that are tried equally little", async () => {
    const { sink, batches } = batching({ maxEvents: 1, maxBytes: 1e6 }, () => busy);
    const { dispatcher, send } = dispatcherHarness({ ...sink, batch: digests }, { trouble: failing });
    const tried = (task: string, attempts: number) => ({
      ...entry(1, task),
      pending: new Map([[ops, { attempts, nextAttemptMs: 0 }]]),
    });
    dispatcher.hold();
    const sending = [send([tried("a", 2)]), send([tried("b", 2)]), send([tried("c", 3)])];
    dispatcher.release();
    await Promise.all(sending);
    expect(batches).toEqual([["a"]]);
  });

  it("probes with another stream's event, due or not, where the end of one's time cut the first probe off", async () => {
    const hang = (signal: AbortSignal): Promise<DeliveryResult> =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(busy)));
    const { sink, batches } = batching(many, ({ subject }, signal) =>
      subject === "a0" ? hang(signal) : accepted,
    );
    const { send, breaker } = dispatcherHarness(sink, { trouble: failing });
    const ending = new AbortController();
    const short = send(some("a", 1), undefined, undefined, ending);
    const later = { attempts: 3, nextAttemptMs: createdMs + 1e6 };
    const long = send([{ ...entry(1, "b"), pending: new Map([[ops, later]]) }]);
    await turn();
    ending.abort();
    await Promise.all([short, long]);
    expect(batches).toEqual([["a0"], ["b"]]);
    expect(breaker.failure).toBeNull();
  });

  it("puts no two events of one task's id in a batch, even of different streams, each with its own message", async () => {
    const given: (string | undefined)[] = [];
    const { sink } = batching(digests);
    const { dispatcher, send } = dispatcherHarness({
      ...sink,
      deliver: async (events, { messages }) => {
        for (const { subject } of events) given.push(messages?.get(subject));
        return events.map(() => accepted);
      },
    });
    const at = (message: string) => new Map([[taskId("same"), new Map([[ops, message]])]]);
    dispatcher.hold();
    const sending = [
      send([entry(1, "same")], undefined, at("m1")),
      send([entry(1, "same")], undefined, at("m2")),
    ];
    dispatcher.release();
    await Promise.all(sending);
    expect(given).toEqual(["m1", "m2"]);
  });

  it("ends a stream's part when its time is over, and goes on with the others", async () => {
    const { sink, batches } = batching({ maxEvents: 1, maxBytes: 1e6 });
    const { clock, send } = dispatcherHarness(sink, { rate: new RateLimit({ events: 1, perMs: 1_000 }) });
    const short = send(some("a", 3), createdMs + 1_500);
    const long = send(some("b", 3));
    const sent = await runUntilSettled(clock, Promise.all([short, long]));
    expect(sent.map(({ accepted: count }) => count)).toEqual([2, 3]);
    expect(batches.flat()).toEqual(["a0", "a1", "b0", "b1", "b2"]);
  });

  it("tries again what the end of another stream's time cut off, and holds it against nobody", async () => {
    let attempts = 0;
    const hang = (signal: AbortSignal): Promise<DeliveryResult> =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(busy)));
    const { sink, batches } = batching(digests, (_, signal) => (++attempts > 2 ? accepted : hang(signal)));
    const { dispatcher, breaker, clock, send } = dispatcherHarness(sink);
    const ending = new AbortController();
    dispatcher.hold();
    const short = send(some("a", 1), undefined, undefined, ending);
    const long = send(some("b", 1));
    dispatcher.release();
    await turn();
    ending.abort();
    expect(await short).toMatchObject({
      accepted: 0,
      receipts: [{ pending: { attempts: 1, nextAttemptMs: 0 } }],
    });
    expect(await runUntilSettled(clock, long)).toMatchObject({ accepted: 1 });
    expect(batches).toEqual([["a0", "b0"], ["b0"]]);
    expect(breaker.failure).toBeNull();
  });

  it("keeps what failed together together, so that a digest is one at its next attempt too", async () => {
    let failures = 5;
    const { sink, batches } = batching(digests, () => (failures-- > 0 ? busy : accepted));
    let dice = 0;
    const { clock, run } = dispatcherHarness(sink, { concurrency: 1 }, () => (dice += 0.1));
    const sent = await run(some("a", 5));
    expect(batches.map(({ length }) => length)).toEqual([5, 5]);
    expect(sent.accepted).toBe(5);
    expect(clock.now()).toBeGreaterThan(createdMs);
  });

  describe("while more of them are to come", () => {
    const counts = (batches: readonly string[][]) => batches.map(({ length }) => length);

    it("holds back what becomes one digest until all have come", async () => {
      const { sink, batches } = batching(digests);
      const { dispatcher, send } = dispatcherHarness(sink);
      dispatcher.hold();
      const sending = Array.from({ length: 50 }, (_, index) => send(some(`s${index}-`, 1)));
      await turn();
      expect(batches).toEqual([]);
      dispatcher.release();
      const sent = await Promise.all(sending);
      expect(counts(batches)).toEqual([50]);
      expect(sent.every(({ accepted: count }) => count === 1)).toBe(true);
    });

    it("waits five seconds at most, and no longer for those that come later", async () => {
      const { sink, batches } = batching(digests);
      const { dispatcher, clock, send } = dispatcherHarness(sink);
      dispatcher.hold();
      const sending = [send(some("a", 1)), send(some("b", 1))];
      await clock.advance(4_999);
      expect(batches).toEqual([]);
      await clock.advance(1);
      await turn();
      expect(batches).toEqual([["a0", "b0"]]);
      sending.push(send(some("c", 1)));
      await Promise.all(sending);
      expect(counts(batches)).toEqual([2, 1]);
    });

    it("spends no more than half of a short run's time on waiting", async () => {
      const { sink, batches } = batching(digests);
      const { dispatcher, clock, send } = dispatcherHarness(sink);
      dispatcher.hold();
      const sending = send(some("a", 1), createdMs + 800);
      await clock.advance(399);
      expect(batches).toEqual([]);
      await clock.advance(1);
      expect(await sending).toMatchObject({ accepted: 1 });
    });

    it("sends a batch that is full at once", async () => {
      const { sink, batches } = batching(digests);
      const { dispatcher, send } = dispatcherHarness(sink);
      dispatcher.hold();
      const sending = [send(some("a", 60)), send(some("b", 60))];
      await turn();
      expect(counts(batches)).toEqual([100]);
      dispatcher.release();
      await Promise.all(sending);
      expect(counts(batches)).toEqual([100, 20]);
    });

    it("holds back nothing of a sink without digests", async () => {
      const { sink, batches } = batching(many);
      const { dispatcher, send } = dispatcherHarness(sink);
      dispatcher.hold();
      await send(some("a", 2));
      expect(counts(batches)).toEqual([2]);
    });

    it("ends with the run", async () => {
      const { sink, batches } = batching(digests);
      const { abort, dispatcher, send } = dispatcherHarness(sink);
      dispatcher.hold();
      const sending = send(some("a", 2));
      abort.abort();
      expect(await sending).toEqual({ receipts: [], accepted: 0, deadLetters: [], entries: [] });
      expect(batches).toEqual([]);
    });
  });
});
