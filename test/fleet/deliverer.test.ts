import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AwsError } from "../../lib/aws/errors.ts";
import type { CloudEvent } from "../../lib/change/event.ts";
import { eventId, sinkName, streamKey } from "../../lib/core/names.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { CircuitBreaker } from "../../lib/delivery/circuit-breaker.ts";
import { RateLimit } from "../../lib/delivery/rate-limit.ts";
import type { RetryPolicy } from "../../lib/delivery/retry.ts";
import { SinkDispatcher } from "../../lib/delivery/sink-dispatcher.ts";
import { openDeliverer, type Received } from "../../lib/fleet/deliverer.ts";
import type { DeliveryAttempt } from "../../lib/run/observer.ts";
import { type Log, silentLog } from "../../lib/telemetry/log.ts";
import { manualClock } from "../harness/clock.ts";
import { type Answer, accepted, busy, locked, refused, scriptedSink } from "../harness/scripted-sink.ts";
import { type RecordParts, record } from "../serverless/sqs-event.ts";
import { sampleEvent } from "../sinks/sample.ts";
import { memoryQueue } from "./fleet-sample.ts";

const startMs = Date.parse("2026-11-24T12:00:00Z");
const policy: RetryPolicy = {
  attemptsPerRun: 1,
  initialDelayMs: 10_000,
  maxDelayMs: 900_000,
  maxRetryAfterMs: 3_600_000,
  maxAttempts: null,
  maxAgeMs: 7 * 86_400_000,
};

const throttled: DeliveryResult = {
  kind: "retry",
  reason: "throttled",
  detail: "HTTP 429",
  retryAfterMs: 90_000,
};

/** The nth change of a task. */
const eventOf = (task: number, change = 0): CloudEvent => {
  const event = sampleEvent(task);
  return { ...event, id: eventId(`i-0001/${event.subject}/S${change + 10}/1767225600000`) };
};
const messageOf = (event: CloudEvent, parts: RecordParts = {}): Received =>
  record(JSON.stringify(event), {
    messageId: `m-${event.id}`,
    sentMs: startMs,
    group: event.subject,
    deduplication: event.id,
    ...parts,
  });

const withReceives = (message: Received, receives: number): Received => ({
  ...message,
  attributes: { ...message.attributes, ApproximateReceiveCount: String(receives) },
});

function setUp(
  answer: Answer = () => accepted,
  over: Partial<RetryPolicy> = {},
  rate: RateLimit | null = null,
) {
  const clock = manualClock(startMs);
  const sink = scriptedSink(sinkName("ops"), answer, { maxEvents: rate ? 1 : 10, maxBytes: 1e6 });
  const queue = memoryQueue();
  const deadLetters = memoryQueue();
  const logged: Parameters<Log>[] = [];
  const attempts: DeliveryAttempt[] = [];
  const deliverer = openDeliverer({
    dispatcher: () =>
      new SinkDispatcher({
        breaker: new CircuitBreaker({ sink, policy: { ...policy, ...over }, clock, concurrency: 4, rate }),
        clock,
        random: () => 0.5,
        log: silentLog,
      }),
    matches: ({ data }) => data.task.name !== "filtered",
    queue,
    deadLetters,
    clock,
    log: (...line) => void logged.push(line),
    observer: { attempted: (attempt) => attempts.push(attempt) },
  });
  const { signal } = new AbortController();
  return {
    clock,
    sink,
    queue,
    deadLetters,
    logged,
    attempts,
    deliver: (batch: readonly Received[], sending = signal) =>
      deliverer.deliver(batch, { stopAtMs: clock.now() + 5_000, sending, settling: signal }),
  };
}

describe("a deliverer", () => {
  it("delivers each event, and fails nothing", async () => {
    const { sink, deliver, queue, deadLetters } = setUp();
    const events = [eventOf(1), eventOf(2), eventOf(1, 1)];
    expect(await deliver(events.map((event) => messageOf(event)))).toEqual({
      failed: [],
      accepted: 3,
      filtered: 0,
      deadLettered: 0,
    });
    expect(sink.accepted.map(({ id }) => id).toSorted()).toEqual(events.map(({ id }) => id).toSorted());
    expect([queue.visibility, deadLetters.sent]).toEqual([[], []]);
  });

  it("shows its observer each attempt with the event's own stream", async () => {
    const { deliver, attempts } = setUp();
    const event = eventOf(1);
    await deliver([messageOf(event)]);
    expect(attempts).toEqual([
      {
        stream: streamKey(event.data.instance),
        sink: "ops",
        event,
        result: accepted,
        startedMs: startMs,
        endedMs: startMs,
      },
    ]);
  });

  it("fails the event that was not taken and all later ones of its task, and no others", async () => {
    const first = eventOf(1);
    const { sink, deliver } = setUp(({ id }) => (id === first.id ? busy : accepted));
    const batch = [first, eventOf(2), eventOf(1, 1), eventOf(1, 2), eventOf(2, 1)].map((event) =>
      messageOf(event),
    );
    const { failed } = await deliver(batch);
    expect(failed.toSorted()).toEqual(
      [batch[0], batch[2], batch[3]].map((message) => message?.messageId).toSorted(),
    );
    expect(sink.attempts.filter(({ subject }) => subject === first.subject)).toHaveLength(1);
  });

  it("says why a sink fails or is blocked, and nothing of one that is well", async () => {
    for (const [answer, line] of [
      [
        busy,
        ["warn", "a sink fails", { sink: "ops", problem: "HTTP 503", reason: "server_error", pending: 1 }],
      ],
      [
        locked,
        [
          "warn",
          "a sink is blocked",
          { sink: "ops", problem: "HTTP 401", pending: 1, reason: "unauthorized" },
        ],
      ],
    ] as const) {
      const { deliver, logged } = setUp(() => answer);
      await deliver([messageOf(eventOf(1))]);
      expect(logged).toMatchObject([line]);
    }
    const { deliver, logged } = setUp();
    await deliver([messageOf(eventOf(1))]);
    expect(logged).toEqual([]);
  });

  it("delivers an event once that two messages of a batch carry, and ends both", async () => {
    const { sink, deliver } = setUp();
    const twice = ["x", "y"].map((messageId) => messageOf(eventOf(1), { messageId }));
    expect((await deliver(twice)).failed).toEqual([]);
    expect(sink.attempts).toHaveLength(1);
    sink.answer = () => busy;
    expect((await deliver(twice)).failed.toSorted()).toEqual(["x", "y"]);
  });

  it("counts what the filter leaves out as done", async () => {
    const { sink, deliver } = setUp();
    const summary = await deliver([messageOf(sampleEvent(1, { name: "filtered" }))]);
    expect(summary).toMatchObject({ failed: [], filtered: 1, accepted: 0 });
    expect(sink.attempts).toEqual([]);
  });

  it("hides what was not taken for longer with each time it comes", async () => {
    const { deliver, queue } = setUp(() => busy);
    for (const receiveCount of [1, 2, 5, 40])
      await deliver([messageOf(eventOf(receiveCount), { receiveCount })]);
    expect(queue.visibility.map(({ seconds }) => seconds)).toEqual([5, 10, 80, 450]);
    expect(queue.visibility[0]?.receiptHandle).toBe(`receipt-m-${eventOf(1).id}`);
  });

  it("hides it for as long as the sink asked", async () => {
    const { deliver, queue } = setUp(() => throttled);
    await deliver([messageOf(eventOf(1))]);
    expect(queue.visibility.map(({ seconds }) => seconds)).toEqual([90]);
  });

  it("does not try a sink before the time it asked for, in the next batch either", async () => {
    const { sink, clock, deliver, queue } = setUp(() => throttled);
    await deliver([messageOf(eventOf(1))]);
    await clock.advance(30_000);
    const { failed } = await deliver([messageOf(eventOf(2))]);
    expect([failed.length, sink.attempts.length]).toEqual([1, 1]);
    expect(queue.visibility.at(-1)?.seconds).toBe(60);
  });

  it("tries a sink that is blocked with one event of each batch, and keeps all of them", async () => {
    const { sink, deliver, deadLetters } = setUp(() => locked);
    const batch = Array.from({ length: 10 }, (_, index) => messageOf(eventOf(index)));
    await deliver(batch);
    sink.attempts.length = 0;
    expect((await deliver(batch)).failed).toHaveLength(10);
    expect(sink.attempts).toHaveLength(1);
    expect(deadLetters.sent).toEqual([]);
    sink.answer = () => accepted;
    expect((await deliver(batch)).failed).toEqual([]);
  });

  it("sends what will never pass to the dead letters, with the reason and in its group, and ends its message", async () => {
    const { deliver, deadLetters } = setUp(() => refused);
    const message = messageOf(eventOf(1));
    expect(await deliver([message])).toMatchObject({ failed: [], deadLettered: 1 });
    expect(deadLetters.sent).toEqual([
      {
        body: message.body,
        attributes: { reason: "rejected", detail: "HTTP 400" },
        fifo: { group: eventOf(1).subject, deduplication: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    ]);
  });

  it("gives a letter that was redriven and given up again another deduplication id", async () => {
    const { deliver, deadLetters } = setUp(() => refused);
    for (const receiptHandle of ["one", "two"]) await deliver([messageOf(eventOf(1), { receiptHandle })]);
    const [one, two] = deadLetters.sent.map(({ fifo }) => fifo?.deduplication);
    expect(one).not.toBe(two);
  });

  it("sends a message that holds no event to the dead letters, and delivers the others", async () => {
    const { deliver, deadLetters, sink } = setUp();
    const poisoned = record("{}", { messageId: "poison" });
    expect(await deliver([poisoned, messageOf(eventOf(1))])).toMatchObject({ failed: [], deadLettered: 1 });
    expect(deadLetters.sent).toEqual([
      {
        body: "{}",
        attributes: { reason: "unreadable", detail: "the message holds no event of dms-task-bridge" },
      },
    ]);
    expect(sink.accepted).toHaveLength(1);
  });

  it("keeps a message, and the later ones of its task, while its dead letter cannot be stored", async () => {
    const { deliver, deadLetters } = setUp(({ id }) => (id === eventOf(1).id ? refused : accepted));
    deadLetters.fails = new AwsError("unavailable", "InternalError", "sqs SendMessageBatch");
    const batch = [messageOf(eventOf(1)), messageOf(eventOf(1, 1)), messageOf(eventOf(2))];
    const summary = await deliver(batch);
    expect(summary).toMatchObject({ accepted: 1, deadLettered: 0 });
    expect(summary.failed.toSorted()).toEqual(batch.slice(0, 2).map(({ messageId }) => messageId));
  });

  it("holds later events of a task back in the batch in which an earlier one was given up", async () => {
    const { deliver, sink, queue } = setUp(({ id }) => (id === eventOf(1).id ? refused : accepted));
    const later = messageOf(eventOf(1, 1));
    expect((await deliver([messageOf(eventOf(1)), later])).failed).toEqual([later.messageId]);
    expect(queue.visibility.map(({ seconds }) => seconds)).toEqual([0]);
    expect((await deliver([later])).failed).toEqual([]);
    expect(sink.accepted.map(({ id }) => id)).toEqual([eventOf(1, 1).id]);
  });

  it("gives up what is older than the limit, tried in this batch or not", async () => {
    const { deliver, deadLetters, clock } = setUp(() => locked, { maxAgeMs: 60_000 });
    const batch = [1, 2, 3].map((task) => messageOf(eventOf(task)));
    await deliver(batch);
    await clock.advance(60_000);
    expect(await deliver(batch)).toMatchObject({ failed: [], deadLettered: 3 });
    expect(deadLetters.sent.map(({ attributes }) => attributes?.["reason"])).toEqual(
      Array(3).fill("too_old"),
    );
  });

  it("gives an event up after so many attempts, however often it was received", async () => {
    const { deliver, deadLetters, sink } = setUp(() => busy, { maxAttempts: 3 });
    const message = messageOf(eventOf(1), { receiveCount: 500 });
    for (const attempts of [1, 2, 3]) {
      expect(deadLetters.sent).toEqual([]);
      await deliver([message]);
      expect(sink.attempts).toHaveLength(attempts);
    }
    expect(deadLetters.sent.map(({ attributes }) => attributes?.["reason"])).toEqual(["too_many_attempts"]);
  });

  it("never gives up an event for receives in which it was not tried", async () => {
    const { deliver, deadLetters, sink, clock } = setUp(
      ({ subject }) => (subject === eventOf(1).subject ? busy : accepted),
      { maxAttempts: 2 },
    );
    sink.answer = () => locked;
    const batch = [1, 2, 3].map((task) => messageOf(eventOf(task)));
    for (let receive = 1; receive <= 20; receive++) {
      await clock.advance(900_000);
      await deliver(batch.map((message) => withReceives(message, receive)));
    }
    sink.answer = () => accepted;
    await deliver(batch.map((message) => withReceives(message, 21)));
    expect([sink.accepted.length, deadLetters.sent.length]).toEqual([3, 0]);
  });

  it("keeps to the rate from batch to batch, and hides what waits for it until its turn", async () => {
    const rate = new RateLimit({ events: 2, perMs: 60_000 });
    const { deliver, sink, queue, clock } = setUp(undefined, {}, rate);
    const batch = Array.from({ length: 6 }, (_, index) => messageOf(eventOf(index)));
    const { failed } = await deliver(batch);
    expect([failed.length, sink.accepted.length]).toEqual([4, 2]);
    expect(queue.visibility.map(({ seconds }) => seconds)).toEqual([60, 90, 120, 150]);
    await deliver(batch.slice(2));
    expect(sink.accepted).toHaveLength(2);
    await clock.advance(60_000);
    await deliver(batch.slice(2));
    expect(sink.accepted).toHaveLength(4);
  });

  it("fails what its time did not reach, to come again at once", async () => {
    const { deliver, sink, queue } = setUp();
    const { failed } = await deliver([messageOf(eventOf(1))], AbortSignal.abort());
    expect([failed.length, sink.attempts.length]).toEqual([1, 0]);
    expect(queue.visibility.map(({ seconds }) => seconds)).toEqual([0]);
  });

  it.each([
    ["time", new DOMException("the time ran out", "TimeoutError"), ["a sink fails"]],
    ["platform", undefined, []],
  ])(
    "keeps what hangs until its %s ends it, and only then says that the sink fails",
    async (_, reason, said) => {
      const hang: Answer = (_event, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      const { deliver, clock, logged } = setUp(hang);
      const sending = new AbortController();
      const delivering = deliver([messageOf(eventOf(1))], sending.signal);
      await clock.advance(4_000);
      sending.abort(reason);
      expect((await delivering).failed).toHaveLength(1);
      expect(logged.map(([, message]) => message)).toEqual(said);
    },
  );

  it("fails a message all the same when its visibility cannot be changed", async () => {
    const { deliver, queue } = setUp(() => busy);
    queue.fails = new AwsError("throttled", "RequestThrottled", "sqs ChangeMessageVisibilityBatch");
    expect((await deliver([messageOf(eventOf(1))])).failed).toHaveLength(1);
  });

  it("lets no event overtake an earlier one of its task, whatever the sink answers", async () => {
    const answers = fc.constantFrom(accepted, accepted, busy, locked, refused);
    const changes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(changes, fc.infiniteStream(answers), async (tasks, stream) => {
        const { sink, deliver, deadLetters } = setUp(() => stream.next().value);
        const counts = new Map<number, number>();
        let waiting = tasks.map((task) => {
          const change = counts.get(task) ?? 0;
          counts.set(task, change + 1);
          return messageOf(eventOf(task, change));
        });
        const total = waiting.length;
        for (let round = 0; waiting.length > 0; round++) {
          if (round > 30) sink.answer = () => accepted;
          const { failed } = await deliver(waiting);
          // A FIFO queue brings back what failed, in its order.
          waiting = waiting.filter(({ messageId }) => failed.includes(messageId));
        }
        for (const events of Map.groupBy(sink.accepted, ({ subject }) => subject).values()) {
          const ids = events.map(({ id }) => id);
          expect(ids).toEqual([...new Set(ids)].toSorted());
        }
        expect(sink.accepted.length + deadLetters.sent.length).toBe(total);
      }),
    );
  });
});
