export interface Rate {
  readonly events: number;
  readonly perMs: number;
}

/**
 * How fast events may go to one sink: in no span of `perMs` more than `events`. It must live as long as its process: a
 * new one begins with a full allowance. A batch that is greater than what is left may go, and later spans pay for it.
 */
export class RateLimit {
  readonly #rate: Rate;
  /** When each of the last events counts, the oldest at `#next`: later than it went where it was too many. */
  readonly #counted: number[] = [];
  #next = 0;
  #reservedMs = Number.NEGATIVE_INFINITY;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** When the next event may go, which may be at once. */
  opensAtMs(nowMs: number): number {
    this.#follow(nowMs);
    const oldestMs = this.#counted[this.#next];
    return oldestMs === undefined ? nowMs : Math.max(nowMs, oldestMs + this.#rate.perMs);
  }

  /** Counts events that go now. */
  take(events: number, nowMs: number): void {
    for (let taken = 0; taken < events; taken += 1) {
      this.#counted[this.#next] = this.opensAtMs(nowMs);
      this.#next = (this.#next + 1) % this.#rate.events;
    }
  }

  /**
   * When an event that may not go now is to come again: at once where one may go, else behind all that were told so
   * before, and at `latestMs` where the line is longer than that.
   */
  reserve(nowMs: number, latestMs: number): number {
    const opensMs = this.opensAtMs(nowMs);
    if (opensMs <= nowMs) return nowMs;
    const turnMs = Math.max(opensMs, this.#reservedMs + this.#rate.perMs / this.#rate.events);
    if (turnMs > latestMs) return latestMs;
    this.#reservedMs = turnMs;
    return turnMs;
  }

  /** A clock that is set back takes the instants with it: else they would lie in its future. */
  #follow(nowMs: number): void {
    const backMs = this.#lookedMs - nowMs;
    this.#lookedMs = nowMs;
    if (!(backMs > 0)) return;
    this.#reservedMs -= backMs;
    for (const [index, countedMs] of this.#counted.entries()) this.#counted[index] = countedMs - backMs;
  }
}
