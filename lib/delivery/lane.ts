import type { OutboxEntry, Owed } from "../checkpoint/checkpoint.ts";
import type { SinkName, TaskId } from "../names.ts";
import type { BatchLimits } from "../sinks/sink.ts";

interface Item {
  readonly entry: OutboxEntry;
  owed: Owed;
  state: "waiting" | "sending" | "held";
}

export interface Parcel {
  readonly entry: OutboxEntry;
  readonly owed: Owed;
}

/**
 * What one sink is owed by one stream, within one run: which events may go next. An event goes only when no earlier
 * one of its task is owed, and a batch holds one event of a task at most, since a partial failure would break the order.
 */
export class Lane {
  readonly #items = new Map<number, Item>();

  constructor(outbox: readonly OutboxEntry[], sink: SinkName) {
    for (const entry of outbox) {
      const owed = entry.owed.get(sink);
      if (owed) this.#items.set(entry.sequence, { entry, owed, state: "waiting" });
    }
  }

  get size(): number {
    return this.#items.size;
  }

  /** The next events that may go, oldest first; they count as under way until settled, rescheduled or held. */
  take(nowMs: number, limits: BatchLimits): readonly Parcel[] {
    const taken: Item[] = [];
    let bytes = 0;
    for (const item of this.#heads()) {
      if (item.state !== "waiting" || item.owed.nextAttemptMs > nowMs) continue;
      if (limits.maxEvents > 1) bytes += sizeBytes(item.entry);
      if (taken.length > 0 && bytes > limits.maxBytes) break;
      taken.push(item);
      if (taken.length === limits.maxEvents) break;
    }
    return send(taken);
  }

  /** The event to try a failing sink with: the least tried, so that one bad event never stands for its sink. */
  probe(): readonly Parcel[] {
    let chosen: Item | null = null;
    for (const item of this.#heads()) {
      if (item.state !== "waiting") continue;
      if (chosen === null || item.owed.attempts < chosen.owed.attempts) chosen = item;
    }
    return chosen ? send([chosen]) : [];
  }

  /** Whether an event may go now; for a probe, whether any waits. */
  isReady(nowMs: number, probing: boolean): boolean {
    for (const { state, owed } of this.#heads()) {
      if (state === "waiting" && (probing || owed.nextAttemptMs <= nowMs)) return true;
    }
    return false;
  }

  /** When the next waiting event is due; null when none waits. */
  nextDueMs(): number | null {
    let earliestMs: number | null = null;
    for (const { state, owed } of this.#heads()) {
      if (state === "waiting")
        earliestMs = Math.min(earliestMs ?? Number.POSITIVE_INFINITY, owed.nextAttemptMs);
    }
    return earliestMs;
  }

  settle(sequence: number): void {
    this.#items.delete(sequence);
  }

  /** Due again at `owed.nextAttemptMs`, within this run. */
  reschedule(sequence: number, owed: Owed): void {
    this.#set(sequence, owed, "waiting");
  }

  /** Not again in this run; later events of its task wait with it. */
  hold(sequence: number, owed: Owed): void {
    this.#set(sequence, owed, "held");
  }

  #set(sequence: number, owed: Owed, state: Item["state"]): void {
    const item = this.#items.get(sequence);
    if (item) Object.assign(item, { owed, state });
  }

  *#heads(): Generator<Item> {
    const tasks = new Set<string>();
    for (const item of this.#items.values()) {
      const task: TaskId | string = item.entry.event.subject;
      if (tasks.has(task)) continue;
      tasks.add(task);
      yield item;
    }
  }
}

function send(items: readonly Item[]): readonly Parcel[] {
  for (const item of items) item.state = "sending";
  return items.map(({ entry, owed }) => ({ entry, owed }));
}

const sizeBytes = (entry: OutboxEntry): number => Buffer.byteLength(JSON.stringify(entry.event));
