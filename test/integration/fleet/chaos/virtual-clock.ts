import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "../../../../lib/core/clock.ts";

/** Milliseconds of the world that pass in one of the machine's while something sleeps. */
const speed = 1_000;

let nowMs = 0;

/** Never moves back. */
const advanceTo = (ms: number): void => {
  nowMs = Math.max(nowMs, ms);
};

/** A clock that moves only where something sleeps, and then fast, or where the test moves it. */
export const virtualClock: Clock & { advanceTo(ms: number): void } = {
  now: () => nowMs,
  async sleep(ms, signal) {
    const wakeMs = nowMs + Math.max(0, Math.ceil(ms));
    await wait(Math.max(0, ms) / speed, null, { signal }).then(
      () => advanceTo(wakeMs),
      () => {},
    );
  },
  advanceTo,
};
