import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { type BatchId, batchId, type ParkedDelivery, type ParkedStore } from "../checkpoint/parked.ts";
import {
  type BatchesAtHand,
  batchesDue,
  batchesToFill,
  batchIds,
  type ParkingLimits,
} from "../checkpoint/parking.ts";
import { nameOf } from "../core/errors.ts";
import type { RunId, StreamKey } from "../core/names.ts";
import type { Log } from "../telemetry/log.ts";

/** Parts that a run's parked batches need. */
export interface ParkedBatchesContext {
  readonly run: RunId;
  readonly stream: StreamKey;
  readonly parked: ParkedStore;
  readonly log: Log;
  /** Called for a batch that cannot be read; its deliveries stay parked. */
  readonly failed: (error: unknown) => void;
}

/** Reads, writes and removes one stream's parked batches during a run. */
export class ParkedBatches {
  readonly #context: ParkedBatchesContext;
  #atHand: BatchesAtHand = new Map();
  /** Batches seen or written by this run; those that the record does not name are removed. */
  readonly #known = new Set<BatchId>();
  #made = 0;

  constructor(context: ParkedBatchesContext) {
    this.#context = context;
  }

  get atHand(): BatchesAtHand {
    return this.#atHand;
  }

  /** Returns a unique batch id. Each plan takes new ones, so a lost race changes no batch that a record names. */
  readonly newId = (): BatchId => {
    this.#made += 1;
    return batchId(`${this.#context.run}/${this.#made}`);
  };

  /** Reads the batches that the next plan from this record may need, and releases the others. */
  async fetch(record: Checkpoint, limits: ParkingLimits, addsDeliveries: boolean): Promise<void> {
    const wanted = [...batchesDue(record, limits), ...(addsDeliveries ? batchesToFill(record) : [])];
    const { parked, stream, failed } = this.#context;
    const found = new Map<BatchId, readonly ParkedDelivery[] | null>();
    for (const id of new Set(wanted)) {
      try {
        found.set(id, this.#atHand.get(id) ?? (await parked.get(stream, id)));
      } catch (error) {
        failed(error);
      }
    }
    this.#atHand = found;
  }

  /** Stores batches; call before the commit of `next`, which names them. */
  async store(written: ReadonlyMap<BatchId, readonly ParkedDelivery[]>): Promise<void> {
    const { parked, stream } = this.#context;
    for (const [id, deliveries] of written) {
      this.#known.add(id);
      await parked.put(stream, id, deliveries);
    }
  }

  /**
   * Call before a commit. If the commit empties the parked deliveries, or takes over the outbox of a run that died, it
   * lists the unnamed batches: any run that wrote one for a commit of its own loses the race against this commit.
   */
  async prepare(before: Checkpoint, next: Checkpoint): Promise<void> {
    for (const id of batchIds(before)) this.#known.add(id);
    const hasEmptied = before.parked.size > 0 && next.parked.size === 0;
    const hasTakenOver = before.lease && next.lease && before.lease.run !== next.lease.run;
    if (!hasEmptied && !hasTakenOver) return;
    await this.#harmlessly(async ({ parked, stream }) => {
      for (const id of await parked.list(stream)) this.#known.add(id);
    });
  }

  /** Removes batches that `next` no longer names; call after its commit. */
  async tidy(next: Checkpoint): Promise<void> {
    const named = new Set(batchIds(next));
    const unnamed = [...this.#known].filter((id) => !named.has(id));
    if (unnamed.length === 0) return;
    for (const id of unnamed) this.#known.delete(id);
    await this.#harmlessly(({ parked, stream }) => parked.remove(stream, unnamed));
  }

  /** Ignores failures: leftover batches are found again and must not end the stream's run. */
  async #harmlessly(work: (context: ParkedBatchesContext) => Promise<void>): Promise<void> {
    try {
      await work(this.#context);
    } catch (error) {
      const { log, stream } = this.#context;
      log("warn", "unneeded parked batches could not be removed", { stream, error: nameOf(error) });
    }
  }
}
