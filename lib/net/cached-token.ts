import type { Clock } from "../core/clock.ts";

/** A value with the instant from which it must be renewed. */
export interface Renewable<Value> {
  readonly value: Value;
  /** Epoch milliseconds from which the value is requested again; negative infinity: never cached. */
  readonly renewAtMs: number;
}

/** A cached token or key: requested once, shared by concurrent callers, renewed shortly before it expires. */
export class CachedToken<Value> {
  readonly #clock: Clock;
  #held: Renewable<Value> | null = null;
  #asking: Promise<Renewable<Value>> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Returns the cached value, or requests one with `ask`. Concurrent calls share one request. Rejects as `ask` does.
   */
  async current(ask: () => Promise<Renewable<Value>>): Promise<Value> {
    if (this.#held !== null && this.#clock.now() < this.#held.renewAtMs) return this.#held.value;
    this.#asking ??= ask().finally(() => {
      this.#asking = null;
    });
    this.#held = await this.#asking;
    return this.#held.value;
  }

  /** Drops the cached value early, after a receiver refused it. A value renewed since then stays. */
  forget(refused: (value: Value) => boolean = () => true): void {
    if (this.#held !== null && refused(this.#held.value)) this.#held = null;
  }
}
