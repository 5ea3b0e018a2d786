import type { Clock } from "../core/clock.ts";

export interface Renewable<Value> {
  readonly value: Value;
  /** From this instant on the value is asked for again; negative infinity for one that is not to be kept. */
  readonly renewAtMs: number;
}

/** A token or key that is asked for once, kept until shortly before its end, and shared by all who need it meanwhile. */
export class CachedToken<Value> {
  readonly #clock: Clock;
  #held: Renewable<Value> | null = null;
  #asking: Promise<Renewable<Value>> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The kept value, or what `ask` gives. Calls at the same time share one request. Rejects as `ask` does. */
  async current(ask: () => Promise<Renewable<Value>>): Promise<Value> {
    if (this.#held !== null && this.#clock.now() < this.#held.renewAtMs) return this.#held.value;
    this.#asking ??= ask().finally(() => {
      this.#asking = null;
    });
    this.#held = await this.#asking;
    return this.#held.value;
  }

  /** Drops the kept value before its time: the receiver has refused it. One that was renewed since stays. */
  forget(refused: (value: Value) => boolean = () => true): void {
    if (this.#held !== null && refused(this.#held.value)) this.#held = null;
  }
}
