import type { Clock } from "../core/clock.ts";

/** Calls `expired` once, when it was not reset for `limitMs`. */
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
    // Without a reason of ours an exception is made, with its stack.
    this.#stopped.abort(null);
  }

  async #watch(expired: () => void): Promise<void> {
    const { signal } = this.#stopped;
    let seenMs = 0;
    // One sleep for each span, however many resets it had.
    while (seenMs < this.#untilMs && !signal.aborted) {
      seenMs = this.#untilMs;
      await this.#clock.sleep(seenMs - this.#clock.now(), signal);
    }
    if (!signal.aborted) expired();
  }
}
