import { eventBytes } from "../change/event.ts";
import type { BatchLimits } from "../sinks/sink.ts";
import type { PendingDelivery } from "./task-queue.ts";

/**
 * Events of one attempt, within a sink's limits. It holds at most one event per task: a partial failure would break the
 * order.
 */
export class Batch {
  readonly #limits: BatchLimits;
  readonly #tasks = new Set<string>();
  #bytes = 0;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  get isFull(): boolean {
    return this.#tasks.size >= this.#limits.maxEvents || this.#bytes > this.#limits.maxBytes;
  }

  /** Adds the event if it fits. The first always fits. */
  add({ entry: { event } }: Pick<PendingDelivery, "entry">): boolean {
    if (this.#tasks.has(event.subject)) return false;
    if (this.#limits.maxEvents > 1) {
      this.#bytes += eventBytes(event);
      if (this.#tasks.size > 0 && this.#bytes > this.#limits.maxBytes) return false;
    }
    this.#tasks.add(event.subject);
    return true;
  }
}
