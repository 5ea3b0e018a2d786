import { within } from "../async/within.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { grown } from "../checkpoint/room.ts";
import type { Receipt } from "../checkpoint/transitions.ts";
import type { CallOptions, Clock } from "../core/clock.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import type { DeadLetterStore } from "../delivery/dead-letters.ts";
import type { SinkDispatcher } from "../delivery/sink-dispatcher.ts";
import { storeDeadLetters } from "../delivery/store-dead-letters.ts";
import type { Dispatch, StreamDelivery } from "../delivery/stream-delivery.ts";
import type { DeliveryEntry } from "../journal/entry.ts";
import type { RunObserver } from "./observer.ts";
import type { Tally } from "./tally.ts";

/** Receipts that justify a commit of their own: a crash repeats those not committed. */
export const enoughReceipts = (record: Checkpoint): number => grown(256, record);
/** Sinks that deliver so many in a second are worth waiting for. */
const leastPerSecond = 200;

/** Parts that a run's deliveries need. */
export interface DeliveriesContext {
  readonly clock: Clock;
  readonly dispatchers: ReadonlyMap<SinkName, SinkDispatcher>;
  readonly deadLetters: DeadLetterStore;
  readonly observer: RunObserver;
  readonly stream: StreamKey;
  readonly agingMs: () => number;
  readonly stopAtMs: number;
  readonly tally: Tally;
  /** Called with an error that ends one sink's part and no other's. */
  readonly failed: (error: unknown) => void;
}

/** Completed deliveries, for the next commit. */
export interface Delivered {
  readonly receipts: readonly Receipt[];
  /** For the journal. */
  readonly entries: readonly DeliveryEntry[];
}

/** Nothing was delivered. */
export const nothingDelivered: Delivered = { receipts: [], entries: [] };

/** Joins what was delivered earlier and later. */
export const joined = (earlier: Delivered, later: Delivered): Delivered => ({
  receipts: [...earlier.receipts, ...later.receipts],
  entries: [...earlier.entries, ...later.entries],
});

/** Deliveries of one stream's run, to each sink at its own pace, while commits go on. */
export class Deliveries {
  readonly #context: DeliveriesContext;
  readonly #options: CallOptions;
  readonly #deliveries = new Map<SinkName, StreamDelivery>();
  /** Sequences given to each sink. */
  readonly #given = new Map<SinkName, Set<number>>();
  #attempts = 0;
  /** Attempts that are worth a commit. */
  #enough = 0;
  #haveLeft = false;
  #isSlow = false;
  /** From then on nothing waits for the sinks, epoch milliseconds: all changes must be committed in this run. */
  readonly #hurryAtMs: number;
  #changed = Promise.withResolvers<void>();

  constructor(context: DeliveriesContext, options: CallOptions) {
    this.#context = context;
    this.#options = options;
    this.#hurryAtMs = (context.clock.now() + context.stopAtMs) / 2;
  }

  /** Gives each sink its pending deliveries that it was not given yet. */
  give(record: Checkpoint): void {
    this.#enough = enoughReceipts(record);
    for (const [sink, dispatcher] of this.#context.dispatchers) {
      const given = this.#given.get(sink) ?? new Set();
      this.#given.set(sink, given);
      const outbox = record.outbox.filter(
        ({ sequence, pending }) => pending.has(sink) && !given.has(sequence),
      );
      if (outbox.length === 0) continue;
      for (const { sequence } of outbox) given.add(sequence);
      const open = this.#deliveries.get(sink);
      if (open) dispatcher.add(open, outbox);
      else this.#deliveries.set(sink, this.#open(sink, dispatcher, { ...record, outbox }));
    }
  }

  /** Starts no more attempts, which are left to the next run. Attempts in flight finish. */
  leave(): void {
    this.#haveLeft = true;
    for (const [sink, delivery] of this.#deliveries) this.#context.dispatchers.get(sink)?.leave(delivery);
    this.#ring();
  }

  get haveLeft(): boolean {
    return this.#haveLeft;
  }

  /** Whether nothing is left to send in this run, unless more is given. */
  get areResting(): boolean {
    return this.#deliveries.values().every(({ isResting }) => isResting);
  }

  /** Waits for enough receipts to be worth a commit, or until a sink has nothing left to send. */
  async progress(): Promise<void> {
    if (this.#attempts < this.#enough && !this.#haveLeft && !this.areResting) await this.#changed.promise;
  }

  /** Whether changes may wait until the sinks have delivered what was committed before. */
  get keepUp(): boolean {
    return !this.#isSlow && this.#context.clock.now() < this.#hurryAtMs;
  }

  /** Like `progress`, for a time only; sinks that take longer do not keep up. */
  async catchUp(): Promise<void> {
    const isInTime = await within(
      this.progress().then(() => true),
      (this.#enough / leastPerSecond) * 1_000,
      this.#context.clock,
    );
    this.#isSlow ||= !isInTime;
  }

  /** Waits until nothing is in flight. */
  async rest(): Promise<void> {
    while (!this.areResting) await this.#changed.promise;
  }

  /** Takes the deliveries completed since the last call. Dead letters are stored before their receipts are returned. */
  async collect(): Promise<Delivered> {
    this.#attempts = 0;
    const { deadLetters, tally, failed } = this.#context;
    const receipts: Receipt[] = [];
    const entries: DeliveryEntry[] = [];
    for (const [sink, delivery] of this.#deliveries) {
      const { sent, error } = await storeDeadLetters(delivery.collect(), deadLetters);
      if (error) failed(error);
      tally.add("accepted", sink, sent.accepted);
      tally.add("deadLettered", sink, sent.deadLetters.length);
      receipts.push(...sent.receipts);
      entries.push(...sent.entries);
    }
    return { receipts, entries };
  }

  #open(sink: SinkName, dispatcher: SinkDispatcher, record: Checkpoint): StreamDelivery {
    const { stream, agingMs, stopAtMs, observer } = this.#context;
    const failure = record.breakers.get(sink);
    if (failure) dispatcher.breaker.restore(failure);
    const work: Dispatch = {
      stream,
      record,
      agingMs,
      stopAtMs,
      attempted: ({ event }, result, when) => {
        observer.attempted?.({ stream, sink, event, result, ...when });
        this.#attempts += 1;
        if (this.#attempts === this.#enough) this.#ring();
      },
    };
    return dispatcher.open(work, this.#options, () => this.#ring());
  }

  #ring(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
