import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { taskId } from "../../lib/core/names.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { RateLimit } from "../../lib/delivery/rate-limit.ts";
import { createdMs } from "../change/sample.ts";
import { chat, entry, ops } from "../checkpoint/sample.ts";
import { dispatcherHarness, failing, policy } from "../harness/dispatcher.ts";
import {
  accepted,
  busy,
  locked,
  refused,
  type ScriptedSink,
  scriptedSink,
} from "../harness/scripted-sink.ts";

const subjects = (events: readonly { subject: string }[]) => events.map(({ subject }) => subject);
const aba = [entry(1, "a"), entry(2, "b"), entry(3, "a")];

describe("a dispatch", () => {
  describe("to a sink whose messages can be changed later", () => {
    /** Says what it was told of the task, with the event's number among all. */
    const living = (says: (number: number) => unknown) => {
      const given: (string | undefined)[] = [];
      const deliver: ScriptedSink["deliver"] = async (events, { messages }) =>
        events.map(({ subject }) => {
          given.push(messages?.get(subject));
          return { kind: "accepted", message: says(given.length) } as DeliveryResult;
        });
      return { given, sink: { ...scriptedSink(ops), deliver } };
    };

    it("gives it the references of earlier runs and of this one, and puts them on the receipts", async () => {
      const { sink, given } = living((number) => `m${number}`);
      const stored = new Map([[taskId("b"), new Map([[ops, "old"]])]]);
      const sent = await dispatcherHarness(sink, { concurrency: 1 }).run(aba, stored);
      expect(given).toEqual([undefined, "old", "m1"]);
      expect(sent.receipts.map(({ sequence, message }) => [sequence, message])).toEqual([
        [1, "m1"],
        [2, "m2"],
        [3, "m3"],
      ]);
    });

    it("gives it no reference of another sink", async () => {
      const { sink, given } = living(() => "m");
      await dispatcherHarness(sink).run(
        [entry(1, "a")],
        new Map([[taskId("a"), new Map([[chat, "theirs"]])]]),
      );
      expect(given).toEqual([undefined]);
    });

    it.each([
      ["empty", ""],
      ["too long", "x".repeat(201)],
      ["no text", 7],
    ])("keeps no reference that is %s", async (_, message) => {
      const { sink } = living(() => message);
      const sent = await dispatcherHarness(sink).run([entry(1, "a")]);
      expect(sent.receipts).toEqual([{ sequence: 1, sink: ops, pending: null }]);
    });
  });

  it("delivers everything, each task's events in order", async () => {
    const sink = scriptedSink(ops);
    const sent = await dispatcherHarness(sink).run(aba);
    expect(sent.accepted).toBe(3);
    expect(sent.receipts).toHaveLength(3);
    expect(sink.accepted.map(({ id }) => id)).toEqual([aba[0], aba[1], aba[2]].map((item) => item?.event.id));
  });

  it("tries a failed event again in the run, and its task's later events after it", async () => {
    let failures = 2;
    const sink = scriptedSink(ops, ({ subject }) => (subject === "a" && failures-- > 0 ? busy : accepted));
    const sent = await dispatcherHarness(sink).run(aba);
    expect(subjects(sink.attempts)).toEqual(["a", "b", "a", "a", "a"]);
    expect(sent.accepted).toBe(3);
  });

  it("holds later events of a task while an earlier one fails, and lets other tasks pass", async () => {
    const sink = scriptedSink(ops, ({ subject }) => (subject === "a" ? busy : accepted));
    const sent = await dispatcherHarness(sink).run([...aba, entry(4, "c")]);
    expect(subjects(sink.accepted)).toEqual(["b", "c"]);
    expect(sent.receipts.find(({ sequence }) => sequence === 1)?.pending).toMatchObject({ attempts: 3 });
    expect(sent.receipts.map(({ sequence }) => sequence)).not.toContain(3);
  });

  it("gives up what will never pass, and lets later events of its task wait until its letter is stored", async () => {
    const sink = scriptedSink(ops, ({ id }) => (id === aba[0]?.event.id ? refused : accepted));
    const sent = await dispatcherHarness(sink).run(aba);
    expect(sent.deadLetters).toMatchObject([
      { reason: "rejected", sequence: 1, attempts: 1, detail: "HTTP 400" },
    ]);
    expect(subjects(sink.accepted)).toEqual(["b"]);
  });

  it("closes the sink after three failures in a row, so that a dead sink costs few attempts", async () => {
    const sink = scriptedSink(ops, () => busy);
    const { run, breaker } = dispatcherHarness(sink, { concurrency: 1 });
    await run(Array.from({ length: 50 }, (_, index) => entry(index + 1, `t${index}`)));
    expect(sink.attempts).toHaveLength(3);
    expect(breaker.failure).toMatchObject({ kind: "failing", reason: "server_error" });
  });

  it("takes a batch that fails as a whole for one failure, and one that passes in part for none", async () => {
    const sizes: number[] = [];
    const down = scriptedSink(ops, () => busy, { maxEvents: 10, maxBytes: 1e6 });
    const deliver: ScriptedSink["deliver"] = (events, options) => {
      sizes.push(events.length);
      return down.deliver(events, options);
    };
    const events = Array.from({ length: 60 }, (_, index) => entry(index + 1, `t${index}`));
    await dispatcherHarness({ ...down, deliver }, { concurrency: 1 }).run(events);
    expect(sizes).toEqual([10, 10, 10]);
    const partial = scriptedSink(ops, ({ subject }) => (subject.endsWith("0") ? accepted : busy), down.batch);
    const { run, breaker } = dispatcherHarness(partial, {
      concurrency: 1,
      policy: { ...policy, attemptsPerRun: 1 },
    });
    const sent = await run(events);
    expect([sent.accepted, sent.receipts.length, breaker.failure]).toEqual([6, 60, null]);
  });

  it("closes the sink at once when it is blocked", async () => {
    const sink = scriptedSink(ops, () => locked);
    const { run, breaker } = dispatcherHarness(sink, { concurrency: 1 });
    const sent = await run(aba);
    expect(sink.attempts).toHaveLength(1);
    expect(sent.deadLetters).toEqual([]);
    expect(breaker.failure).toMatchObject({ kind: "blocked", reason: "unauthorized" });
  });

  it("sends a sink that was failing one probe, and no more while it fails", async () => {
    const sink = scriptedSink(ops, () => busy);
    await dispatcherHarness(sink, { trouble: failing }).run([...aba, entry(4, "c")]);
    expect(sink.attempts).toHaveLength(1);
  });

  it("delivers everything once the probe is accepted, without waiting out old delays", async () => {
    const sink = scriptedSink(ops);
    const waiting = {
      ...entry(1, "a"),
      pending: new Map([[ops, { attempts: 9, nextAttemptMs: createdMs + 1e6 }]]),
    };
    const { run, breaker } = dispatcherHarness(sink, { trouble: failing });
    await run([waiting, entry(2, "b"), entry(3, "c")]);
    expect(subjects(sink.accepted)).toEqual(["b", "c"]);
    expect(breaker.failure).toBeNull();
  });

  it("waits out Retry-After before the next attempt, for the whole sink", async () => {
    let asked = false;
    const at: number[] = [];
    const { clock, run } = dispatcherHarness(
      scriptedSink(ops, (): DeliveryResult => {
        at.push(clock.now() - createdMs);
        if (asked) return accepted;
        asked = true;
        return { ...busy, reason: "throttled", retryAfterMs: 7_000 } as DeliveryResult;
      }),
      { concurrency: 1 },
    );
    await run([entry(1, "a"), entry(2, "b")]);
    expect(at).toEqual([0, 7_000, 7_000]);
  });

  it("leaves a longer Retry-After to a later run, and remembers it", async () => {
    const sink = scriptedSink(ops, () => ({
      kind: "retry",
      reason: "throttled",
      detail: "",
      retryAfterMs: 600_000,
    }));
    const { run, breaker } = dispatcherHarness(sink, { concurrency: 1 });
    await run(aba);
    expect(sink.attempts).toHaveLength(1);
    expect(breaker.failure?.notBeforeMs).toBe(createdMs + 600_000);
    const again = dispatcherHarness(sink, { trouble: breaker.failure ?? failing });
    await again.run(aba);
    expect(sink.attempts).toHaveLength(1);
  });

  it("begins nothing after its time, and what the end cuts off is owed, not held against the sink", async () => {
    const hang = (_: unknown, signal: AbortSignal) =>
      new Promise<DeliveryResult>((resolve) => signal.addEventListener("abort", () => resolve(locked)));
    const sink = scriptedSink(ops, hang);
    const { send, abort, breaker } = dispatcherHarness(sink, { concurrency: 1 });
    const sending = send([entry(1, "a"), entry(2, "b")]);
    await turn();
    abort.abort();
    const sent = await sending;
    expect(sent.receipts).toMatchObject([{ sequence: 1, pending: { attempts: 1, nextAttemptMs: 0 } }]);
    expect(breaker.failure).toBeNull();
    expect(await send([entry(1, "a")])).toMatchObject({ receipts: [] });
  });

  describe("to a sink that hangs until the run's time ends", () => {
    const outOfTime = new DOMException("the time ran out", "TimeoutError");
    const cutAfter = async (ms: number, reason: unknown, answersFirst = false) => {
      let attempts = 0;
      const sink = scriptedSink(ops, (_: unknown, signal: AbortSignal) =>
        answersFirst && ++attempts === 1
          ? accepted
          : new Promise<DeliveryResult>((_resolve, reject) =>
              signal.addEventListener("abort", () => reject(signal.reason)),
            ),
      );
      const { send, abort, breaker, clock } = dispatcherHarness(sink, { concurrency: 1 });
      const sending = send([entry(1, "a"), entry(2, "b")]);
      await clock.advance(ms);
      abort.abort(reason);
      return { sent: await sending, failure: breaker.failure };
    };

    it("notes a time-out of the sink, and keeps the delivery for the next run", async () => {
      const { sent, failure } = await cutAfter(4_000, outOfTime);
      expect(failure).toMatchObject({ kind: "failing", reason: "timeout" });
      expect(sent).toMatchObject({
        deadLetters: [],
        receipts: [{ sequence: 1, pending: { attempts: 1, nextAttemptMs: 0 } }],
      });
    });

    it.each([
      ["the run was stopped", 4_000, undefined, false],
      ["the time was a moment", 900, outOfTime, false],
      ["the sink has answered in the run", 4_000, outOfTime, true],
    ])("holds nothing against it when %s", async (_, ms, reason, answersFirst) => {
      expect((await cutAfter(ms, reason, answersFirst)).failure).toBeNull();
    });
  });

  it("counts an event that the end of the run found accepted as delivered", async () => {
    const accept = (_: unknown, signal: AbortSignal) =>
      new Promise<DeliveryResult>((resolve) => signal.addEventListener("abort", () => resolve(accepted)));
    const { send, abort, breaker } = dispatcherHarness(scriptedSink(ops, accept), { trouble: failing });
    const sending = send([entry(1, "a")]);
    await turn();
    abort.abort();
    expect(await sending).toMatchObject({ accepted: 1, receipts: [{ sequence: 1, pending: null }] });
    expect(breaker.failure).toBeNull();
  });

  it("leaves what is due only after its time to a later run", async () => {
    const sink = scriptedSink(ops, () => ({
      kind: "retry",
      reason: "server_error",
      detail: "",
      retryAfterMs: 30_000,
    }));
    const { run, clock } = dispatcherHarness(sink, { concurrency: 1 });
    await run([entry(1, "a")]);
    expect([sink.attempts.length, clock.now() - createdMs]).toEqual([1, 0]);
  });

  it("keeps to the concurrency", async () => {
    let underWay = 0;
    let most = 0;
    const sink = scriptedSink(ops, async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      return accepted;
    });
    const sent = await dispatcherHarness(sink, { concurrency: 3 }).send(
      Array.from({ length: 20 }, (_, index) => entry(index + 1, `t${index}`)),
    );
    expect([sent.accepted, most]).toEqual([20, 3]);
  });

  it("keeps to the rate", async () => {
    const at: number[] = [];
    const { clock, run } = dispatcherHarness(
      scriptedSink(ops, () => {
        at.push(clock.now() - createdMs);
        return accepted;
      }),
      { rate: new RateLimit({ events: 2, perMs: 1_000 }) },
    );
    await run(Array.from({ length: 5 }, (_, index) => entry(index + 1, `t${index}`)));
    expect(at).toEqual([0, 0, 1_000, 1_000, 2_000]);
  });

  it("counts a batch against the rate by its events, and lets later spans pay for what was too many", async () => {
    const at: number[] = [];
    const { clock, run } = dispatcherHarness(
      scriptedSink(
        ops,
        () => {
          at.push(clock.now() - createdMs);
          return accepted;
        },
        { maxEvents: 4, maxBytes: 1e6 },
      ),
      { rate: new RateLimit({ events: 2, perMs: 1_000 }) },
    );
    await run(Array.from({ length: 9 }, (_, index) => entry(index + 1, `t${index}`)));
    expect(at).toEqual([0, 0, 0, 0, 2_000, 2_000, 2_000, 2_000, 4_000]);
  });

  it("counts a digest against the rate as the one message it is", async () => {
    const at: number[] = [];
    const { clock, run } = dispatcherHarness(
      scriptedSink(
        ops,
        () => {
          at.push(clock.now() - createdMs);
          return accepted;
        },
        { maxEvents: 4, maxBytes: 1e6, digestAbove: 3 },
      ),
      { rate: new RateLimit({ events: 2, perMs: 1_000 }), concurrency: 1 },
    );
    await run(Array.from({ length: 11 }, (_, index) => entry(index + 1, `t${index}`)));
    expect(at).toEqual([...Array(8).fill(0), 1_000, 1_000, 1_000]);
  });

  it("sends batches", async () => {
    const sink = scriptedSink(ops, undefined, { maxEvents: 2, maxBytes: 1e6 });
    const sizes: number[] = [];
    const deliver = sink.deliver;
    sink.deliver = (events, options) => {
      sizes.push(events.length);
      return deliver(events, options);
    };
    await dispatcherHarness(sink, { concurrency: 1 }).run([...aba, entry(4, "c")]);
    expect(sizes).toEqual([2, 2]);
  });

  it.each([
    ["throws", () => Promise.reject(new TypeError("no such thing")), "the sink threw TypeError"],
    ["answers too little", async () => [], "the sink answered 0 results for 1 events"],
  ])("tries again a sink that %s, and keeps what it is owed", async (_, deliver, detail) => {
    const { breaker, seen, run } = dispatcherHarness({ ...scriptedSink(ops), deliver });
    const sent = await run(aba);
    expect(seen).toContainEqual({ kind: "retry", reason: "defect", detail });
    expect(sent.deadLetters).toEqual([]);
    expect(breaker.failure).toMatchObject({ kind: "failing", reason: "defect" });
  });

  it("logs the name of what a sink threw, and what it said at debug level only", async () => {
    const deliver = () => Promise.reject(new TypeError("https://hooks.example.com/secret"));
    const { logged, run } = dispatcherHarness({ ...scriptedSink(ops), deliver }, { concurrency: 1 });
    await run([entry(1, "a")]);
    expect(logged[0]).toEqual({
      level: "error",
      message: "a sink threw instead of answering",
      sink: ops,
      error: "TypeError",
    });
    expect(logged[1]).toEqual({
      level: "debug",
      message: "the defect",
      sink: ops,
      stack: expect.stringContaining("hooks.example.com"),
    });
  });

  it("takes an abort for the end of the run, not for a defect of the sink", async () => {
    const deliver: ScriptedSink["deliver"] = (__, { signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const { send, abort, breaker, seen } = dispatcherHarness({ ...scriptedSink(ops), deliver });
    const sending = send([entry(1, "a")]);
    await turn();
    abort.abort();
    await sending;
    expect(seen).toEqual([{ kind: "retry", reason: "timeout", detail: "the run's time budget ended first" }]);
    expect((await sending).receipts).toMatchObject([{ sequence: 1, pending: { attempts: 1 } }]);
    expect(breaker.failure).toBeNull();
  });

  it("may deliver what is due to a sink that is well, or any of it as a probe once its pause is over", async () => {
    const due = (nextAttemptMs: number) => [
      { ...entry(1, "a"), pending: new Map([[ops, { attempts: 1, nextAttemptMs }]]) },
    ];
    const { dispatcher, run } = dispatcherHarness(scriptedSink(ops, () => locked));
    const may = (outbox: ReturnType<typeof due>, trouble: typeof failing | null, nowMs: number) =>
      dispatcher.mayDeliver(outbox, trouble, nowMs);
    expect([may(due(5), null, 4), may(due(5), null, 5), may([], null, 5)]).toEqual([false, true, false]);
    const paused = { ...failing, notBeforeMs: 5 };
    expect([may(due(9), paused, 4), may(due(9), paused, 5), may([], paused, 5)]).toEqual([
      false,
      true,
      false,
    ]);
    await run([entry(1, "a")]);
    expect(may(due(0), null, 5)).toBe(false);
  });

  it("believes an answer of this run more than trouble that another stream stored", async () => {
    const sink = scriptedSink(ops);
    const { run, breaker } = dispatcherHarness(sink);
    await run([entry(1, "a")]);
    breaker.restore({ ...failing, notBeforeMs: createdMs + 1e6 });
    expect(breaker.state).toBe("closed");
  });
});
