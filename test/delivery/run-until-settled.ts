import { setImmediate as turn } from "node:timers/promises";
import type { ManualClock } from "../harness/clock.ts";

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
