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
  /** Of each task whose oldest event waits, that event; those before `#next` have gone. */
  #ready: Parcel[] = [];
  #next = 0;
  /** The same, for those that are not due yet. */
  #delayed: Parcel[] = [];

  constructor(outbox: readonly OutboxEntry[], sink: SinkName) {
    for (const entry of outbox) {
      const owed = entry.owed.get(sink);
      if (!owed) continue;
      const parcel = { entry, owed };
      const earlier = this.#owed.get(entry.event.subject);
      if (earlier) earlier.push(parcel);
      else {
        this.#owed.set(entry.event.subject, [parcel]);
        this.#wait(parcel);
      }
    }
  }

  /** The next events that may go; they are under way until settled or rescheduled, and else not again in this run. */
  take(nowMs: number, limits: BatchLimits): readonly Parcel[] {
    this.#release(nowMs);
    const first = this.#next;
    let bytes = 0;
    for (; this.#next < this.#ready.length && this.#next - first < limits.maxEvents; this.#next += 1) {
      const parcel = this.#ready[this.#next];
      if (parcel && limits.maxEvents > 1) bytes += sizeBytes(parcel.entry);
      if (this.#next > first && bytes > limits.maxBytes) break;
    }
    return this.#ready.slice(first, this.#next);
  }

  /** The event to try a failing sink with: the least tried, so that one bad event never stands for its sink. */
  probe(): readonly Parcel[] {
    const [first, ...others] = [...this.#ready.slice(this.#next), ...this.#delayed];
    if (!first) return [];
    const chosen = others.reduce(
      (least, parcel) => (parcel.owed.attempts < least.owed.attempts ? parcel : least),
      first,
    );
    this.#ready = this.#ready.slice(this.#next).filter((parcel) => parcel !== chosen);
    this.#next = 0;
    this.#delayed = this.#delayed.filter((parcel) => parcel !== chosen);
    return [chosen];
  }

  /** Whether an event may go now; for a probe, whether any waits. */
  isReady(nowMs: number, probing: boolean): boolean {
    if (!probing) this.#release(nowMs);
    return this.#next < this.#ready.length || (probing && this.#delayed.length > 0);
  }

  /** When the next event is due of those that are not yet; null when there is none. */
  nextDueMs(): number | null {
    return this.#delayed.length === 0
      ? null
      : this.#delayed.reduce(
          (earliestMs, { owed }) => Math.min(earliestMs, owed.nextAttemptMs),
          Number.POSITIVE_INFINITY,
        );
  }

  /** The event was accepted: the next of its task may go. */
  settle({ entry }: Parcel): void {
    const owed = this.#owed.get(entry.event.subject);
    owed?.shift();
    const next = owed?.[0];
    if (next) this.#wait(next);
  }

  /** Due again at `owed.nextAttemptMs`, within this run. */
  reschedule({ entry }: Parcel, owed: Owed): void {
    this.#delayed.push({ entry, owed });
  }

  #wait(parcel: Parcel): void {
    (parcel.owed.nextAttemptMs > 0 ? this.#delayed : this.#ready).push(parcel);
  }

  /** Lets go what has become due. */
  #release(nowMs: number): void {
    if (this.#delayed.length === 0) return;
    const due = (parcel: Parcel): boolean => parcel.owed.nextAttemptMs <= nowMs;
    if (!this.#delayed.some(due)) return;
    this.#ready = [...this.#ready.slice(this.#next), ...this.#delayed.filter(due)];
    this.#next = 0;
    this.#delayed = this.#delayed.filter((parcel) => !due(parcel));
  }
}

const sizeBytes = (entry: OutboxEntry): number => Buffer.byteLength(JSON.stringify(entry.event));
