/** At most `events` events in any interval of `perMs` milliseconds. */
export interface Rate {
  readonly events: number;
  readonly perMs: number;
}

/**
 * Rate limit of one sink: at most `events` in any interval of `perMs`. Keep it for the process's lifetime, since a new
 * one starts with a full allowance. A large batch may exceed the rest: it borrows from the next intervals.
 */
export class RateLimit {
  readonly #rate: Rate;
  /**
   * Instants at which the last events count, the oldest at `#next`; borrowed events count later than they were sent.
   */
  readonly #counted: number[] = [];
  #next = 0;
  #reservedMs = Number.NEGATIVE_INFINITY;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Epoch milliseconds when the next event may go; `nowMs` when it may go now. */
  opensAtMs(nowMs: number): number {
    this.#follow(nowMs);
    const oldestMs = this.#counted[this.#next];
    return oldestMs === undefined ? nowMs : Math.max(nowMs, oldestMs + this.#rate.perMs);
  }

  /** Counts events sent now. */
  take(events: number, nowMs: number): void {
    for (let taken = 0; taken < events; taken += 1) {
      this.#counted[this.#next] = this.opensAtMs(nowMs);
      this.#next = (this.#next + 1) % this.#rate.events;
    }
  }

  /**
   * Reserves a time for an event that must wait: now when the rate allows it, else behind earlier reservations, at
   * `latestMs` at the latest. Epoch milliseconds.
   */
  reserve(nowMs: number, latestMs: number): number {
    const opensMs = this.opensAtMs(nowMs);
    if (opensMs <= nowMs) return nowMs;
    const turnMs = Math.max(opensMs, this.#reservedMs + this.#rate.perMs / this.#rate.events);
    if (turnMs > latestMs) return latestMs;
    this.#reservedMs = turnMs;
    return turnMs;
  }

  /** When the clock is set back, all instants move with it, so that none lies in its future. */
  #follow(nowMs: number): void {
    const backMs = this.#lookedMs - nowMs;
    this.#lookedMs = nowMs;
    if (!(backMs > 0)) return;
    this.#reservedMs -= backMs;
    for (const [index, countedMs] of this.#counted.entries()) this.#counted[index] = countedMs - backMs;
  }
}
