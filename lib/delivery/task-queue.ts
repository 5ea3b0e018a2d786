import type { OutboxEntry, PendingState } from "../checkpoint/checkpoint.ts";
import type { SinkName } from "../core/names.ts";

export interface PendingDelivery {
  readonly entry: OutboxEntry;
  readonly state: PendingState;
  /** Attempts of this run so far. */
  readonly triedInRun: number;
  /** The next event of its task, which the queue knows. */
  later: PendingDelivery | null;
}

/**
 * What one sink is owed by one stream, within one run: which events may go next. An event goes only when no earlier
 * one of its task is owed.
 */
export class TaskQueue {
  readonly #sink: SinkName;
  /** Of each task, the newest event that is not settled. */
  readonly #newest = new Map<string, PendingDelivery>();
  /** Of each task whose oldest event waits, that event; those before `#next` have gone. */
  #ready: PendingDelivery[] = [];
  #next = 0;
  /** The same, for those that are not due yet. */
  #delayed: PendingDelivery[] = [];

  constructor(outbox: readonly OutboxEntry[], sink: SinkName) {
    this.#sink = sink;
    this.add(outbox);
  }

  /** Whether nothing is owed, or all of it is settled. */
  get isEmpty(): boolean {
    return this.#newest.size === 0;
  }

  /** Takes in what was committed since: it is younger than all that the queue holds of the same tasks. */
  add(outbox: readonly OutboxEntry[]): void {
    for (const entry of outbox) {
      const state = entry.pending.get(this.#sink);
      if (!state) continue;
      const pending = { entry, state, triedInRun: 0, later: null };
      const earlier = this.#newest.get(entry.event.subject);
      if (earlier) earlier.later = pending;
      else this.#wait(pending);
      this.#newest.set(entry.event.subject, pending);
    }
  }

  /** The event that may go next; null while there is none. */
  next(nowMs: number): PendingDelivery | null {
    this.#release(nowMs);
    return this.#ready[this.#next] ?? null;
  }

  /** The event goes: it is under way until settled or rescheduled, and else not again in this run. */
  take(taken: PendingDelivery): void {
    if (taken === this.#ready[this.#next]) {
      this.#next += 1;
      return;
    }
    this.#ready = this.#ready.slice(this.#next).filter((pending) => pending !== taken);
    this.#next = 0;
    this.#delayed = this.#delayed.filter((pending) => pending !== taken);
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
      (earliestMs, { state }) => Math.min(earliestMs, state.nextAttemptMs),
      Number.POSITIVE_INFINITY,
    );
  }

  /** The event to try a failing sink with, due or not: the least tried, so that one bad event never stands for its sink. */
  leastTried(): PendingDelivery | null {
    const [first = null, ...others] = [...this.#ready.slice(this.#next), ...this.#delayed];
    return others.reduce<PendingDelivery | null>(
      (least, pending) => (least && pending.state.attempts < least.state.attempts ? pending : least),
      first,
    );
  }

  /** The event was accepted: the next of its task may go. */
  settle(pending: PendingDelivery): void {
    if (pending.later) this.#wait(pending.later);
    else this.#newest.delete(pending.entry.event.subject);
  }

  /** Due again at `owed.nextAttemptMs`, within this run. */
  reschedule(pending: PendingDelivery, state: PendingState): void {
    const again = { ...pending, state, triedInRun: pending.triedInRun + 1 };
    if (!again.later) this.#newest.set(again.entry.event.subject, again);
    this.#delayed.push(again);
  }

  #wait(pending: PendingDelivery): void {
    (pending.state.nextAttemptMs > 0 ? this.#delayed : this.#ready).push(pending);
  }

  /** Lets go what has become due. */
  #release(nowMs: number): void {
    if (this.#delayed.length === 0) return;
    const due = (pending: PendingDelivery): boolean => pending.state.nextAttemptMs <= nowMs;
    if (!this.#delayed.some(due)) return;
    this.#ready = [...this.#ready.slice(this.#next), ...this.#delayed.filter(due)];
    this.#next = 0;
    this.#delayed = this.#delayed.filter((pending) => !due(pending));
  }
}
