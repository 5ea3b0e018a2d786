import { followAll } from "../async/deadline.ts";
import type { OutboxEntry, SinkTrouble } from "../checkpoint/checkpoint.ts";
import type { CallOptions, Clock, Random } from "../core/clock.ts";
import type { DeliverOptions } from "../sinks/sink.ts";
import type { Log } from "../telemetry/log.ts";
import { attempt } from "./attempt.ts";
import { Batch } from "./batch.ts";
import type { Channel } from "./channel.ts";
import { Consignment, type Dispatch, type Dispatched } from "./consignment.ts";
import { Lane, type Parcel } from "./lane.ts";

/** How long a digest waits for the streams that are not read yet, at most. */
const gatherMs = 5_000;

export interface DispatcherOptions {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

interface Consigned {
  readonly consignment: Consignment;
  readonly parcel: Parcel;
}

interface Alarm {
  readonly atMs: number;
  readonly cancel: AbortController;
}

/**
 * Sends one sink what the streams of a run owe it: in turns, so that one with much to tell delays none of the others,
 * and together where the sink takes batches, so that a burst over many instances is one digest.
 */
export class Dispatcher {
  readonly channel: Channel;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  /** Those that have something to send in this run, served longest ago first. */
  readonly #consignments = new Set<Consignment>();
  #isHeld = false;
  #heldUntilMs: number | null = null;
  #alarm: Alarm | null = null;

  constructor({ channel, clock, random, log }: DispatcherOptions) {
    this.channel = channel;
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
  }

  /** Whether anything of an outbox may go now, for all that is known of the sink. */
  mayDeliver(outbox: readonly OutboxEntry[], trouble: SinkTrouble | null, nowMs: number): boolean {
    if (this.channel.state === "closed" || (trouble && trouble.notBeforeMs > nowMs)) return false;
    const lane = new Lane(outbox, this.channel.sink.name);
    return (trouble ? lane.leastTried() : lane.next(nowMs)) !== null;
  }

  /** More streams are to come before `release`: until then, or for five seconds, what becomes a digest waits for them. */
  hold(): void {
    this.#isHeld = this.channel.sink.batch.digestAbove !== undefined;
  }

  release(): void {
    this.#isHeld = false;
    this.#step();
  }

  /** Sends what one stream owes, as far as order, limits and time allow. Never rejects. */
  async dispatch(work: Dispatch, options: CallOptions): Promise<Dispatched> {
    const ended = Promise.withResolvers<void>();
    const consignment = this.open(work, options, ended.resolve);
    if (!consignment.isResting) await ended.promise;
    return consignment.collect();
  }

  /** The same, without an end: more may be added whenever it is committed. */
  open(work: Dispatch, { signal }: CallOptions, rested: () => void): Consignment {
    const consignment = new Consignment(work, this.channel, signal, rested);
    this.#enter(consignment);
    return consignment;
  }

  add(consignment: Consignment, outbox: readonly OutboxEntry[]): void {
    consignment.lane.add(outbox);
    this.#enter(consignment);
  }

  #enter(consignment: Consignment): void {
    if (consignment.lane.isEmpty) return;
    if (consignment.isResting) consignment.signal.addEventListener("abort", this.#step);
    consignment.isResting = false;
    this.#consignments.add(consignment);
    const nowMs = this.#clock.now();
    // A run with little time must not spend it all on waiting.
    this.#heldUntilMs ??= nowMs + Math.min(gatherMs, (consignment.stopAtMs - nowMs) / 2);
    this.#step();
  }

  /** Does what may be done now. Called whenever something has changed. */
  readonly #step = (): void => {
    const nowMs = this.#clock.now();
    while (this.#maySend(nowMs)) {
      const batch = this.channel.state === "doubtful" ? this.#probe(nowMs) : this.#collect(nowMs);
      if (batch.length === 0) break;
      void this.#send(batch);
    }
    for (const consignment of this.#consignments) {
      if (consignment.underWay > 0 || !this.#hasEnded(consignment, nowMs)) continue;
      this.#consignments.delete(consignment);
      consignment.signal.removeEventListener("abort", this.#step);
      consignment.isResting = true;
      consignment.rested();
    }
    this.#wakeAt(this.#nextMs(nowMs), nowMs);
  };

  #maySend(nowMs: number): boolean {
    return this.channel.hasPlace && this.channel.opensAtMs(nowMs) <= nowMs && !this.#isHolding(nowMs);
  }

  /** What fills a batch need not wait. */
  #isHolding(nowMs: number): boolean {
    if (!this.#isHeld || nowMs >= (this.#heldUntilMs ?? 0)) return false;
    const ready = this.#consignments.values().reduce((sum, { lane }) => sum + lane.readyCount(nowMs), 0);
    return ready < this.channel.sink.batch.maxEvents;
  }

  /** One event of each stream in turn, until the batch is full. */
  #collect(nowMs: number): readonly Consigned[] {
    const batch = new Batch(this.channel.sink.batch);
    const collected: Consigned[] = [];
    // Who has given goes to the end, where this loop meets it again.
    for (const consignment of this.#consignments) {
      const parcel = consignment.isOver(nowMs) ? null : consignment.lane.next(nowMs);
      if (!parcel || !batch.add(parcel)) continue;
      consignment.lane.take(parcel);
      collected.push({ consignment, parcel });
      this.#consignments.delete(consignment);
      this.#consignments.add(consignment);
      if (batch.isFull) break;
    }
    return collected;
  }

  #probe(nowMs: number): readonly Consigned[] {
    const [first, ...others] = Array.from(this.#consignments.values()).flatMap((consignment) => {
      const parcel = consignment.isOver(nowMs) ? null : consignment.lane.leastTried();
      return parcel ? [{ consignment, parcel }] : [];
    });
    if (!first) return [];
    const chosen = others.reduce(
      (least, other) => (other.parcel.owed.attempts < least.parcel.owed.attempts ? other : least),
      first,
    );
    chosen.consignment.lane.take(chosen.parcel);
    return [chosen];
  }

  async #send(batch: readonly Consigned[]): Promise<void> {
    this.channel.begin(batch.length);
    const consignments = new Set(batch.map(({ consignment }) => consignment));
    for (const consignment of consignments) consignment.underWay += 1;
    const { signal, unfollow } = followAll(Array.from(consignments, (consignment) => consignment.signal));
    const parcels = batch.map(({ parcel }) => parcel);
    const answers = await attempt(this.channel.sink, this.#log, parcels, {
      signal,
      messages: messagesOf(batch),
    });
    unfollow();
    // What fails together comes due together, and stays one batch.
    const roll = this.#random();
    const ending = { nowMs: this.#clock.now(), isCutOff: signal.aborted, random: () => roll };
    for (const [index, result] of answers.entries()) {
      const consigned = batch[index];
      consigned?.consignment.conclude(consigned.parcel, result, ending);
    }
    // An attempt that the end of the run cut off says nothing of the sink.
    this.channel.end(signal.aborted ? answers.filter(({ kind }) => kind === "accepted") : answers);
    for (const consignment of consignments) consignment.underWay -= 1;
    this.#step();
  }

  #hasEnded(consignment: Consignment, nowMs: number): boolean {
    return consignment.isOver(nowMs) || this.#dueMs(consignment, nowMs) >= consignment.stopAtMs;
  }

  #dueMs({ lane }: Consignment, nowMs: number): number {
    const isProbe = this.channel.state === "doubtful" && lane.leastTried() !== null;
    return Math.max(this.channel.opensAtMs(nowMs), isProbe ? nowMs : lane.dueMs(nowMs));
  }

  /** When there will be something to do without anything having happened; infinite when that cannot be. */
  #nextMs(nowMs: number): number {
    let earliestMs = Number.POSITIVE_INFINITY;
    if (!this.channel.hasPlace) return earliestMs;
    for (const consignment of this.#consignments.values()) {
      if (!this.#hasEnded(consignment, nowMs))
        earliestMs = Math.min(earliestMs, this.#dueMs(consignment, nowMs));
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

/** By task, where the sink's message of it is, for the tasks of a batch. */
function messagesOf(batch: readonly Consigned[]): NonNullable<DeliverOptions["messages"]> {
  const messages = new Map<string, string>();
  for (const { consignment, parcel } of batch) {
    const { subject } = parcel.entry.event;
    const message = consignment.messages.get(subject);
    if (message !== undefined) messages.set(subject, message);
  }
  return messages;
}
