import { setImmediate as turn } from "node:timers/promises";

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly fire: () => void;
}

/** Virtual time: whatever waits, waits here, and wakes in the order of its instant, then of its asking. */
export class Loop {
  #nowMs: number;
  #order = 0;
  readonly #timers: Timer[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  /** Epoch milliseconds of the world, which no process sees directly. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** What it returns takes the timer back. */
  after(ms: number, fire: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, Math.round(ms)), order: this.#order++, fire };
    const place = this.#timers.findLastIndex((other) => isBefore(other, timer)) + 1;
    this.#timers.splice(place, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** Lets time pass until `isDone`; between two timers everything that can run without time does. */
  async until(isDone: () => boolean): Promise<void> {
    for (;;) {
      // A turn of the event loop drains all promises, however deep they are chained; code may wait for one turn itself.
      await turn();
      await turn();
      if (isDone()) return;
      const next = this.#timers.shift();
      if (!next) throw new Error("everything waits and nothing will happen");
      this.#nowMs = next.atMs;
      next.fire();
    }
  }

  async pass(ms: number): Promise<void> {
    let passed = false;
    this.after(ms, () => {
      passed = true;
    });
    await this.until(() => passed);
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
