import type { Clock } from "../core/clock.ts";

/** Calls `expired` once, when `limitMs` pass without a reset. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #stopped = new AbortController();
  #untilMs: number;

  constructor(clock: Clock, limitMs: number, expired: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#untilMs = clock.now() + limitMs;
    void this.#watch(expired);
  }

  reset(): void {
    this.#untilMs = this.#clock.now() + this.#limitMs;
  }

  stop(): void {
    // An abort without a reason creates an exception with its stack: benchmark `idle`, 8 % more CPU time.
    this.#stopped.abort(null);
  }

  async #watch(expired: () => void): Promise<void> {
    const { signal } = this.#stopped;
    let seenMs = 0;
    // One sleep covers each span, regardless of the number of resets in it.
    while (seenMs < this.#untilMs && !signal.aborted) {
      seenMs = this.#untilMs;
      await this.#clock.sleep(seenMs - this.#clock.now(), signal);
    }
    if (!signal.aborted) expired();
  }
}
