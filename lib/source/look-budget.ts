import type { Clock } from "../core/clock.ts";

const minuteMs = 60_000;
/** First pause after the API throttled a look, milliseconds; it doubles with each. */
const firstPauseMs = 15_000;
const longestPauseMs = 10 * minuteMs;

/** Limits the calls with which followed streams are read again, for one access key. */
export interface LookBudget {
  /** Takes one call and returns when it may be made, epoch milliseconds; null when that is not before `untilMs`. */
  take(untilMs: number): number | null;
  /** Counts a further call of a look. */
  charge(): void;
  /** Pauses all looks, and longer each time; `retryAfterMs` is what the API asked for, null when it did not. */
  throttled(retryAfterMs: number | null): void;
  /** Call after a look that the API answered: the next pause is short again. */
  answered(): void;
}

/** Creates the budgets of a process, by key identity, so that sources with one key share one. */
export function lookBudgets(clock: Clock, callsPerMinute: number): (key: string) => LookBudget {
  const budgets = new Map<string, LookBudget>();
  return (key) => {
    const budget = budgets.get(key) ?? openBudget(clock, minuteMs / callsPerMinute);
    budgets.set(key, budget);
    return budget;
  };
}

function openBudget(clock: Clock, callMs: number): LookBudget {
  /** Epoch milliseconds from which the next call is free. */
  let freeMs = Number.NEGATIVE_INFINITY;
  let pauseMs = firstPauseMs;

  /** An instant too far ahead was set by a clock that has been put back since. */
  const soundMs = (): number => {
    const nowMs = clock.now();
    if (freeMs > nowMs + longestPauseMs + minuteMs) freeMs = nowMs;
    return Math.max(freeMs, nowMs);
  };

  return {
    take(untilMs) {
      const atMs = soundMs();
      if (atMs >= untilMs) return null;
      freeMs = atMs + callMs;
      return atMs;
    },
    charge() {
      freeMs = soundMs() + callMs;
    },
    throttled(retryAfterMs) {
      freeMs = Math.max(
        soundMs(),
        clock.now() + Math.min(longestPauseMs, Math.max(pauseMs, retryAfterMs ?? 0)),
      );
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    },
    answered() {
      pauseMs = firstPauseMs;
    },
  };
}
