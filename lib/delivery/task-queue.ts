import type { OutboxEntry, PendingState } from "../checkpoint/checkpoint.ts";
import type { SinkName } from "../core/names.ts";

/** A delivery in the queue. */
export interface PendingDelivery {
  readonly entry: OutboxEntry;
  readonly state: PendingState;
  /** Attempts in this run. */
  readonly triedInRun: number;
  /** The task's next event; maintained by the queue. */
  later: PendingDelivery | null;
}

/**
 * Queue of one stream's pending deliveries to one sink during a run. An event is sent only when no earlier event of its
 * task is pending.
 */
export class TaskQueue {
  readonly #sink: SinkName;
  /** Newest unsettled event of each task. */
  #newest = new Map<string, PendingDelivery>();
  /** Oldest event of each task that may be sent; those before `#next` were taken. */
  #ready: PendingDelivery[] = [];
  #next = 0;
  /** Oldest event of each task that is not due yet. */
  #delayed: PendingDelivery[] = [];

  constructor(outbox: readonly OutboxEntry[], sink: SinkName) {
    this.#sink = sink;
    this.add(outbox);
  }

  /** Whether no delivery is pending. */
  get isEmpty(): boolean {
    return this.#newest.size === 0;
  }

  /** Adds newly committed events; they are younger than all queued events of the same tasks. */
  add(outbox: readonly OutboxEntry[]): void {
    // A first read adds thousands; those taken must not stay in memory.
    this.#ready.splice(0, this.#next);
    this.#next = 0;
    // The tables that a Map leaves behind refer to the next ones: a new Map lets go of all that was sent.
    this.#newest = new Map(this.#newest);
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

  /** The next event to send; null when there is none now. */
  next(nowMs: number): PendingDelivery | null {
    this.#release(nowMs);
    return this.#ready[this.#next] ?? null;
  }

  /** Takes the event out: it is in flight until settled or rescheduled, and otherwise not sent again in this run. */
  take(taken: PendingDelivery): void {
    if (taken === this.#ready[this.#next]) {
      this.#next += 1;
      return;
    }
    this.#ready = this.#ready.slice(this.#next).filter((pending) => pending !== taken);
    this.#next = 0;
    this.#delayed = this.#delayed.filter((pending) => pending !== taken);
  }

  /** Number of events that may be sent now. */
  readyCount(nowMs: number): number {
    this.#release(nowMs);
    return this.#ready.length - this.#next;
  }

  /** When the next event may be sent, epoch milliseconds; infinite when none will be. */
  dueMs(nowMs: number): number {
    if (this.next(nowMs)) return nowMs;
    return this.#delayed.reduce(
      (earliestMs, { state }) => Math.min(earliestMs, state.nextAttemptMs),
      Number.POSITIVE_INFINITY,
    );
  }

  /**
   * The event to probe a failing sink with, due or not: the least tried, so that one bad event does not block its sink.
   */
  leastTried(): PendingDelivery | null {
    const [first = null, ...others] = [...this.#ready.slice(this.#next), ...this.#delayed];
    return others.reduce<PendingDelivery | null>(
      (least, pending) => (least && pending.state.attempts < least.state.attempts ? pending : least),
      first,
    );
  }

  /** Marks the event as accepted; the task's next event may be sent. */
  settle(pending: PendingDelivery): void {
    if (pending.later) this.#wait(pending.later);
    else this.#newest.delete(pending.entry.event.subject);
  }

  /** Schedules the event again at `state.nextAttemptMs`, within this run. */
  reschedule(pending: PendingDelivery, state: PendingState): void {
    const again = { ...pending, state, triedInRun: pending.triedInRun + 1 };
    if (!again.later) this.#newest.set(again.entry.event.subject, again);
    this.#delayed.push(again);
  }

  #wait(pending: PendingDelivery): void {
    (pending.state.nextAttemptMs > 0 ? this.#delayed : this.#ready).push(pending);
  }

  /** Moves events that became due to the ready ones. */
  #release(nowMs: number): void {
    if (this.#delayed.length === 0) return;
    const due = (pending: PendingDelivery): boolean => pending.state.nextAttemptMs <= nowMs;
    if (!this.#delayed.some(due)) return;
    this.#ready = [...this.#ready.slice(this.#next), ...this.#delayed.filter(due)];
    this.#next = 0;
    this.#delayed = this.#delayed.filter((pending) => !due(pending));
  }
}
