import type { OutboxEntry, Owed } from "../checkpoint/checkpoint.ts";
import type { SinkName } from "../core/names.ts";

export interface Parcel {
  readonly entry: OutboxEntry;
  readonly owed: Owed;
  /** Attempts of this run so far. */
  readonly triedInRun: number;
  /** The next event of its task, which the lane knows. */
  later: Parcel | null;
}

/**
 * What one sink is owed by one stream, within one run: which events may go next. An event goes only when no earlier
 * one of its task is owed.
 */
export class Lane {
  readonly #sink: SinkName;
  /** Of each task, the newest event that is not settled. */
  readonly #newest = new Map<string, Parcel>();
  /** Of each task whose oldest event waits, that event; those before `#next` have gone. */
  #ready: Parcel[] = [];
  #next = 0;
  /** The same, for those that are not due yet. */
  #delayed: Parcel[] = [];

  constructor(outbox: readonly OutboxEntry[], sink: SinkName) {
    this.#sink = sink;
    this.add(outbox);
  }

  /** Whether nothing is owed, or all of it is settled. */
  get isEmpty(): boolean {
    return this.#newest.size === 0;
  }

  /** Takes in what was committed since: it is younger than all that the lane holds of the same tasks. */
  add(outbox: readonly OutboxEntry[]): void {
    for (const entry of outbox) {
      const owed = entry.owed.get(this.#sink);
      if (!owed) continue;
      const parcel = { entry, owed, triedInRun: 0, later: null };
      const earlier = this.#newest.get(entry.event.subject);
      if (earlier) earlier.later = parcel;
      else this.#wait(parcel);
      this.#newest.set(entry.event.subject, parcel);
    }
  }

  /** The event that may go next; null while there is none. */
  next(nowMs: number): Parcel | null {
    this.#release(nowMs);
    return this.#ready[this.#next] ?? null;
  }

  /** The event goes: it is under way until settled or rescheduled, and else not again in this run. */
  take(taken: Parcel): void {
    if (taken === this.#ready[this.#next]) {
      this.#next += 1;
      return;
    }
    this.#ready = this.#ready.slice(this.#next).filter((parcel) => parcel !== taken);
    this.#next = 0;
    this.#delayed = this.#delayed.filter((parcel) => parcel !== taken);
  }

  /** How many events may go now. */
  readyCount(nowMs: number): number {
    this.#release(nowMs);
    return this.#ready.length - this.#next;
  }

  /** When the next event may go, which may be at once; infinite when none is to go. */
  dueMs(nowMs: number): number {
    if (this.next(nowMs)) return nowMs;
    return this.#delayed.reduce(
      (earliestMs, { owed }) => Math.min(earliestMs, owed.nextAttemptMs),
      Number.POSITIVE_INFINITY,
    );
  }

  /** The event to try a failing sink with, due or not: the least tried, so that one bad event never stands for its sink. */
  leastTried(): Parcel | null {
    const [first = null, ...others] = [...this.#ready.slice(this.#next), ...this.#delayed];
    return others.reduce<Parcel | null>(
      (least, parcel) => (least && parcel.owed.attempts < least.owed.attempts ? parcel : least),
      first,
    );
  }

  /** The event was accepted: the next of its task may go. */
  settle(parcel: Parcel): void {
    if (parcel.later) this.#wait(parcel.later);
    else this.#newest.delete(parcel.entry.event.subject);
  }

  /** Due again at `owed.nextAttemptMs`, within this run. */
  reschedule(parcel: Parcel, owed: Owed): void {
    const again = { ...parcel, owed, triedInRun: parcel.triedInRun + 1 };
    if (!again.later) this.#newest.set(again.entry.event.subject, again);
    this.#delayed.push(again);
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
