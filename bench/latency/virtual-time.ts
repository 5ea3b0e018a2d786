import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../lib/core/clock.ts";

const turns = 3;

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** A clock on which a day passes in seconds: it moves to the next sleeper whenever nothing else can run. */
export class VirtualTime implements Clock {
  #nowMs: number;
  readonly #sleepers: Sleeper[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now = (): number => this.#nowMs;

  sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted || ms <= 0) return resolve();
      const wake = (): void => {
        signal?.removeEventListener("abort", cancel);
        resolve();
      };
      const sleeper: Sleeper = { atMs: this.#nowMs + ms, wake };
      const cancel = (): void => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        wake();
      };
      signal?.addEventListener("abort", cancel, { once: true });
      const place = this.#sleepers.findLastIndex(({ atMs }) => atMs <= sleeper.atMs) + 1;
      this.#sleepers.splice(place, 0, sleeper);
    });

  /** Lets time pass until the work is done. @throws Error when the work waits for nothing */
  async until(work: Promise<unknown>): Promise<void> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    for (;;) {
      // Work that waits for no timer ends within a few turns of the event loop.
      for (let count = 0; count < turns; count++) await turn();
      if (isDone) break;
      const next = this.#sleepers.shift();
      if (!next) throw new Error("the work waits, and nothing sleeps");
      this.#nowMs = next.atMs;
      next.wake();
    }
    await done;
  }
}
