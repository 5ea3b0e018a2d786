import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../lib/core/clock.ts";

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  /**
   * Lets time pass. Sleepers wake in order, each at its own instant, and run on before the next one wakes: await it
   * wherever something sleeps. Without sleepers the time has passed when the call returns.
   */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock, forwards or back. No time passes, so nobody wakes. */
  set(nowMs: number): void;
}

interface Sleeper {
  readonly atMs: number;
  wake(): void;
}

export function manualClock(startMs: number): ManualClock {
  let offsetMs = startMs;
  let elapsedMs = 0;
  const sleepers: Sleeper[] = [];

  /** Takes out the first sleeper due by then. */
  function nextDue(untilMs: number): Sleeper | undefined {
    const [first] = sleepers;
    return first && first.atMs <= untilMs ? sleepers.shift() : undefined;
  }

  function add(sleeper: Sleeper): void {
    const place = sleepers.findLastIndex(({ atMs }) => atMs <= sleeper.atMs) + 1;
    sleepers.splice(place, 0, sleeper);
  }

  return {
    now: () => offsetMs + elapsedMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted || ms <= 0) return resolve();
        const sleeper = { atMs: elapsedMs + ms, wake: finish };
        function finish(): void {
          signal.removeEventListener("abort", abort);
          resolve();
        }
        function abort(): void {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          resolve();
        }
        signal.addEventListener("abort", abort, { once: true });
        add(sleeper);
      }),
    async advance(ms) {
      const untilMs = elapsedMs + ms;
      for (let sleeper = nextDue(untilMs); sleeper; sleeper = nextDue(untilMs)) {
        elapsedMs = sleeper.atMs;
        sleeper.wake();
        await turn();
      }
      elapsedMs = untilMs;
    },
    set(nowMs) {
      offsetMs = nowMs - elapsedMs;
    },
  };
}

/** A clock on which `factor` seconds pass in one of `real`'s, from the same present. */
export function scaledClock(real: Clock, factor: number): Clock {
  const startMs = real.now();
  return {
    now: () => Math.floor(startMs + (real.now() - startMs) * factor),
    sleep: (ms, signal) => real.sleep(ms / factor, signal),
  };
}

const stepMs = 100;
const turns = 5;

/** Lets a manual clock run, a step at a time, until the work is done; what can run without time runs first. */
export async function runUntilSettled<Result>(clock: ManualClock, work: Promise<Result>): Promise<Result> {
  let done = false;
  const finished = work.finally(() => {
    done = true;
  });
  finished.catch(() => {});
  while (!done) {
    for (let count = 0; count < turns; count += 1) await turn();
    if (!done) await clock.advance(stepMs);
  }
  return finished;
}
