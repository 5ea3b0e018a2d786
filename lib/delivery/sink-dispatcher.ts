import { followAll, isOutOfTime } from "../async/deadline.ts";
import type { BreakerState, OutboxEntry } from "../checkpoint/checkpoint.ts";
import type { CallOptions, Clock, Random } from "../core/clock.ts";
import type { DeliveryResult } from "../core/result.ts";
import type { DeliverOptions } from "../sinks/sink.ts";
import { logDefect } from "../telemetry/defect.ts";
import type { Log } from "../telemetry/log.ts";
import { attempt } from "./attempt.ts";
import { Batch } from "./batch.ts";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import { type Dispatch, type Dispatched, type Ending, StreamDelivery } from "./stream-delivery.ts";
import { type PendingDelivery, TaskQueue } from "./task-queue.ts";

/** Longest time that a digest waits for streams that are not read yet, milliseconds. */
const gatherMs = 5_000;

/** A sink that did not answer for less than this says nothing about itself, milliseconds. */
const leastAnswerMs = 1_000;

/** Settings of a sink's dispatcher. */
export interface SinkDispatcherOptions {
  readonly breaker: CircuitBreaker;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

interface Assigned {
  readonly delivery: StreamDelivery;
  readonly pending: PendingDelivery;
}

interface Alarm {
  readonly atMs: number;
  readonly cancel: AbortController;
}

/**
 * Delivers all streams' pending events to one sink. Streams take turns, so a large backlog does not delay the others.
 * Batches combine streams, so a burst over many instances becomes one digest.
 */
export class SinkDispatcher {
  readonly breaker: CircuitBreaker;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  /** Deliveries with something to send in this run, in round-robin order. */
  readonly #deliveries = new Set<StreamDelivery>();
  #isHeld = false;
  #heldUntilMs: number | null = null;
  #alarm: Alarm | null = null;

  constructor({ breaker, clock, random, log }: SinkDispatcherOptions) {
    this.breaker = breaker;
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
  }

  /** Whether any event of an outbox may go now, by the sink's breaker and the due times. */
  mayDeliver(outbox: readonly OutboxEntry[], state: BreakerState | null, nowMs: number): boolean {
    const failure = state?.kind === "retrying" ? null : state;
    if (this.breaker.state === "open" || (failure && failure.notBeforeMs > nowMs)) return false;
    const queue = new TaskQueue(outbox, this.breaker.sink.name);
    return (failure ? queue.leastTried() : queue.next(nowMs)) !== null;
  }

  /** Holds digests back until `release`, for five seconds at most, because more streams are to come. */
  hold(): void {
    this.#isHeld = this.breaker.sink.batch.digestAbove !== undefined;
  }

  release(): void {
    this.#isHeld = false;
    this.#step();
  }

  /** Delivers a stream's pending events, as far as order, limits and time allow. Never rejects. */
  async dispatch(work: Dispatch, options: CallOptions): Promise<Dispatched> {
    const ended = Promise.withResolvers<void>();
    const delivery = this.open(work, options, ended.resolve);
    if (!delivery.isResting) await ended.promise;
    return delivery.collect();
  }

  /** Opens a delivery to which events can be added after each commit. */
  open(work: Dispatch, { signal }: CallOptions, rested: () => void): StreamDelivery {
    const delivery = new StreamDelivery(work, this.breaker, { signal, openedMs: this.#clock.now() }, rested);
    this.#enter(delivery);
    return delivery;
  }

  add(delivery: StreamDelivery, outbox: readonly OutboxEntry[]): void {
    delivery.queue.add(outbox);
    this.#enter(delivery);
  }

  /** Starts no more attempts of the delivery; it rests once nothing is in flight. */
  leave(delivery: StreamDelivery): void {
    delivery.leave();
    this.#step();
  }

  #enter(delivery: StreamDelivery): void {
    if (delivery.queue.isEmpty) return;
    if (delivery.isResting) delivery.signal.addEventListener("abort", this.#step);
    delivery.isResting = false;
    this.#deliveries.add(delivery);
    const nowMs = this.#clock.now();
    // A short run must not spend all of its time waiting.
    this.#heldUntilMs ??= nowMs + Math.min(gatherMs, (delivery.stopAtMs - nowMs) / 2);
    this.#step();
  }

  /** Starts every attempt that is possible now. Called after each change. */
  readonly #step = (): void => {
    const nowMs = this.#clock.now();
    while (this.#maySend(nowMs)) {
      const batch = this.breaker.state === "half-open" ? this.#probe(nowMs) : this.#collect(nowMs);
      if (batch.length === 0) break;
      void this.#send(batch);
    }
    for (const delivery of this.#deliveries) {
      if (delivery.underWay > 0 || !this.#hasEnded(delivery, nowMs)) continue;
      this.#deliveries.delete(delivery);
      delivery.signal.removeEventListener("abort", this.#step);
      delivery.isResting = true;
      delivery.rested();
    }
    this.#wakeAt(this.#nextMs(nowMs), nowMs);
  };

  #maySend(nowMs: number): boolean {
    return this.breaker.hasCapacity && this.breaker.allowsAtMs(nowMs) <= nowMs && !this.#isHolding(nowMs);
  }

  /** Whether to wait for more events. A full batch does not wait. */
  #isHolding(nowMs: number): boolean {
    if (!this.#isHeld || nowMs >= (this.#heldUntilMs ?? 0)) return false;
    const ready = this.#deliveries.values().reduce((sum, { queue }) => sum + queue.readyCount(nowMs), 0);
    return ready < this.breaker.sink.batch.maxEvents;
  }

  /** Takes one event per stream in turn, until the batch is full. */
  #collect(nowMs: number): readonly Assigned[] {
    const batch = new Batch(this.breaker.sink.batch);
    const collected: Assigned[] = [];
    // Each stream that gave an event moves to the end, where this loop meets it again.
    for (const delivery of this.#deliveries) {
      const pending = delivery.isOver(nowMs) ? null : delivery.queue.next(nowMs);
      if (!pending || !batch.add(pending)) continue;
      delivery.queue.take(pending);
      collected.push({ delivery, pending });
      this.#deliveries.delete(delivery);
      this.#deliveries.add(delivery);
      if (batch.isFull) break;
    }
    return collected;
  }

  #probe(nowMs: number): readonly Assigned[] {
    const [first, ...others] = Array.from(this.#deliveries.values()).flatMap((delivery) => {
      const pending = delivery.isOver(nowMs) ? null : delivery.queue.leastTried();
      return pending ? [{ delivery, pending }] : [];
    });
    if (!first) return [];
    const chosen = others.reduce(
      (least, other) => (other.pending.state.attempts < least.pending.state.attempts ? other : least),
      first,
    );
    chosen.delivery.queue.take(chosen.pending);
    return [chosen];
  }

  async #send(batch: readonly Assigned[]): Promise<void> {
    const startedMs = this.#clock.now();
    this.breaker.begin(batch.length);
    for (const { delivery } of batch) delivery.underWay += 1;
    const { signal, unfollow } = followAll(batch.map(({ delivery }) => delivery.signal));
    const events = batch.map(({ pending }) => pending.entry.event);
    const responses = await attempt(this.breaker.sink, this.#log, events, {
      signal,
      messages: messagesOf(batch),
    });
    unfollow();
    // One random number per batch: events that fail together are due together and stay one batch.
    const roll = this.#random();
    const ending = { startedMs, nowMs: this.#clock.now(), isCutOff: signal.aborted, random: () => roll };
    responses.forEach((result, index) => {
      this.#complete(batch[index], result, ending);
    });
    if (signal.aborted) {
      const sinceMs = Math.min(...batch.map(({ delivery }) => delivery.openedMs));
      this.breaker.endCutOff(responses, isOutOfTime(signal) && hadItsTime(sinceMs, ending));
    } else this.breaker.end(responses);
    for (const { delivery } of batch) delivery.underWay -= 1;
    this.#step();
  }

  /** A delivery that cannot be completed stays pending in its record. */
  #complete(assigned: Assigned | undefined, result: DeliveryResult, ending: Ending): void {
    try {
      assigned?.delivery.complete(assigned.pending, result, ending);
    } catch (error) {
      logDefect(this.#log, "a delivery's result could not be noted", { sink: this.breaker.sink.name }, error);
    }
  }

  #hasEnded(delivery: StreamDelivery, nowMs: number): boolean {
    return delivery.isOver(nowMs) || this.#dueMs(delivery, nowMs) >= delivery.stopAtMs;
  }

  #dueMs({ queue }: StreamDelivery, nowMs: number): number {
    const isProbe = this.breaker.state === "half-open" && queue.leastTried() !== null;
    return Math.max(this.breaker.allowsAtMs(nowMs), isProbe ? nowMs : queue.dueMs(nowMs));
  }

  /** When something becomes due without any other change, epoch milliseconds; infinite when nothing will. */
  #nextMs(nowMs: number): number {
    let earliestMs = Number.POSITIVE_INFINITY;
    if (!this.breaker.hasCapacity) return earliestMs;
    for (const delivery of this.#deliveries.values()) {
      if (!this.#hasEnded(delivery, nowMs)) earliestMs = Math.min(earliestMs, this.#dueMs(delivery, nowMs));
    }
    return this.#isHolding(nowMs) ? Math.max(earliestMs, this.#heldUntilMs ?? 0) : earliestMs;
  }

  #wakeAt(atMs: number, nowMs: number): void {
    if (atMs === this.#alarm?.atMs) return;
    this.#alarm?.cancel.abort(null);
    this.#alarm = null;
    if (atMs === Number.POSITIVE_INFINITY) return;
    const alarm = { atMs, cancel: new AbortController() };
    this.#alarm = alarm;
    void this.#clock.sleep(atMs - nowMs, alarm.cancel.signal).then(() => {
      if (this.#alarm !== alarm) return;
      this.#alarm = null;
      this.#step();
    });
  }
}

/** Whether an attempt had most of a run's time, and at least a second. */
const hadItsTime = (sinceMs: number, { startedMs, nowMs }: Ending): boolean =>
  nowMs - startedMs >= Math.max(leastAnswerMs, (nowMs - sinceMs) / 2);

/** The sink's message references for the tasks of a batch. */
function messagesOf(batch: readonly Assigned[]): NonNullable<DeliverOptions["messages"]> {
  const messages = new Map<string, string>();
  for (const { delivery, pending } of batch) {
    const { subject } = pending.entry.event;
    const message = delivery.messages.get(subject);
    if (message !== undefined) messages.set(subject, message);
  }
  return messages;
}
