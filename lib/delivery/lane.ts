import type { OutboxEntry, Owed } from "../checkpoint/checkpoint.ts";
import type { SinkName } from "../names.ts";
import type { BatchLimits } from "../sinks/sink.ts";

export interface Parcel {
  readonly entry: OutboxEntry;
  readonly owed: Owed;
}

/**
 * What one sink is owed by one stream, within one run: which events may go next. An event goes only when no earlier
 * one of its task is owed, and a batch holds one event of a task at most, since a partial failure would break the order.
 */
export class Lane {
  /** By task, what is owed of it, oldest first. */
  readonly #owed = new Map<string, Parcel[]>();
  /** By task, the oldest event, while it waits to go; of one that is under way or held there is none. */
  readonly #waiting = new Map<string, Parcel>();

  constructor(outbox: readonly OutboxEntry[], sink: SinkName) {
    for (const entry of outbox) {
      const owed = entry.owed.get(sink);
      if (!owed) continue;
      const parcel = { entry, owed };
      const { subject } = entry.event;
      const earlier = this.#owed.get(subject);
      if (earlier) {
        earlier.push(parcel);
        continue;
      }
      this.#owed.set(subject, [parcel]);
      this.#waiting.set(subject, parcel);
    }
  }

  /** The next events that may go; they are under way until settled or rescheduled, and else not again in this run. */
  take(nowMs: number, limits: BatchLimits): readonly Parcel[] {
    const taken: Parcel[] = [];
    let bytes = 0;
    for (const parcel of this.#waiting.values()) {
      if (parcel.owed.nextAttemptMs > nowMs) continue;
      if (limits.maxEvents > 1) bytes += sizeBytes(parcel.entry);
      if (taken.length > 0 && bytes > limits.maxBytes) break;
      taken.push(parcel);
      if (taken.length === limits.maxEvents) break;
    }
    return this.#send(taken);
  }

  /** The event to try a failing sink with: the least tried, so that one bad event never stands for its sink. */
  probe(): readonly Parcel[] {
    let chosen: Parcel | null = null;
    for (const parcel of this.#waiting.values()) {
      if (chosen === null || parcel.owed.attempts < chosen.owed.attempts) chosen = parcel;
    }
    return chosen ? this.#send([chosen]) : [];
  }

  /** Whether an event may go now; for a probe, whether any waits. */
  isReady(nowMs: number, probing: boolean): boolean {
    if (probing) return this.#waiting.size > 0;
    for (const { owed } of this.#waiting.values()) if (owed.nextAttemptMs <= nowMs) return true;
    return false;
  }

  /** When the next waiting event is due; null when none waits. */
  nextDueMs(): number | null {
    let earliestMs: number | null = null;
    for (const { owed } of this.#waiting.values()) {
      earliestMs = Math.min(earliestMs ?? Number.POSITIVE_INFINITY, owed.nextAttemptMs);
    }
    return earliestMs;
  }

  /** The event was accepted: the next of its task may go. */
  settle({ entry }: Parcel): void {
    const { subject } = entry.event;
    const owed = this.#owed.get(subject);
    owed?.shift();
    const next = owed?.[0];
    if (next) this.#waiting.set(subject, next);
  }

  /** Due again at `owed.nextAttemptMs`, within this run. */
  reschedule({ entry }: Parcel, owed: Owed): void {
    this.#waiting.set(entry.event.subject, { entry, owed });
  }

  #send(parcels: readonly Parcel[]): readonly Parcel[] {
    for (const { entry } of parcels) this.#waiting.delete(entry.event.subject);
    return parcels;
  }
}

const sizeBytes = (entry: OutboxEntry): number => Buffer.byteLength(JSON.stringify(entry.event));
