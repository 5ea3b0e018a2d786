import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { type BatchId, batchId, type ParkedDelivery, type ParkedStore } from "../checkpoint/parked.ts";
import { type BatchesAtHand, batchIds } from "../checkpoint/parking.ts";
import { nameOf } from "../core/errors.ts";
import type { RunId, StreamKey } from "../core/names.ts";
import type { Log } from "../telemetry/log.ts";

export interface ParkedBatchesContext {
  readonly run: RunId;
  readonly stream: StreamKey;
  readonly parked: ParkedStore;
  readonly log: Log;
  /** Told of a batch that cannot be read; what it holds stays parked. */
  readonly failed: (error: unknown) => void;
}

/** One run's dealings with what waits beside one stream's record. */
export class ParkedBatches {
  readonly #context: ParkedBatchesContext;
  #atHand: BatchesAtHand = new Map();
  /** Batches that this run has seen or made. Those that the record does not name are to be removed. */
  readonly #known = new Set<BatchId>();
  #made = 0;

  constructor(context: ParkedBatchesContext) {
    this.#context = context;
  }

  get atHand(): BatchesAtHand {
    return this.#atHand;
  }

  /** Unique: a run's id is, and each plan takes new ones, so that a lost race changes no batch that a record names. */
  readonly newId = (): BatchId => {
    this.#made += 1;
    return batchId(`${this.#context.run}/${this.#made}`);
  };

  /** Reads what the next plan may need, and lets go of the rest. */
  async fetch(wanted: Iterable<BatchId>): Promise<void> {
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

  /** Comes before the commit of `next`, which names them. */
  async store(written: ReadonlyMap<BatchId, readonly ParkedDelivery[]>): Promise<void> {
    const { parked, stream } = this.#context;
    for (const [id, deliveries] of written) {
      this.#known.add(id);
      await parked.put(stream, id, deliveries);
    }
  }

  /**
   * Comes before a commit. Where that empties what is parked, or takes the outbox over from a run that has died, it
   * looks for what nobody names: whoever wrote a batch until now, for a commit of its own, loses its race against this.
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

  /** Comes after the commit of `next`: removes what it names no more. */
  async tidy(next: Checkpoint): Promise<void> {
    const named = new Set(batchIds(next));
    const unnamed = [...this.#known].filter((id) => !named.has(id));
    if (unnamed.length === 0) return;
    for (const id of unnamed) this.#known.delete(id);
    await this.#harmlessly(({ parked, stream }) => parked.remove(stream, unnamed));
  }

  /** What is left over is found again: it must not end the stream's run. */
  async #harmlessly(work: (context: ParkedBatchesContext) => Promise<void>): Promise<void> {
    try {
      await work(this.#context);
    } catch (error) {
      const { log, stream } = this.#context;
      log("warn", "parked batches that nobody needs could not be removed", { stream, error: nameOf(error) });
    }
  }
}
