import { backoffMs } from "../async/backoff.ts";
import type { Clock, Random } from "../core/clock.ts";
import { SourceError } from "../core/errors.ts";
import { outOfTime, type Send } from "./http.ts";

const maxAttempts = 4;
const delays = { firstMs: 200, maxMs: 5_000 };
/** No attempt begins later than this after the first, unless the API asked to wait: one that hangs costs one time-out. */
const retryingForMs = 10_000;
/** A longer Retry-After is not waited out: the stream fails now and is read by a later run. */
const maxRetryAfterMs = 30_000;

/**
 * Wraps `send` so that throttling, 5xx and network failures are tried again: exponential delays with full jitter,
 * on top of Retry-After where the API gave one. All calls share one budget, so an API that is down is not hammered.
 */
export function retrying(
  send: Send,
  deps: { readonly clock: Clock; readonly random: Random; readonly budget: RetryBudget },
): Send {
  return async (outgoing, options) => {
    const startedMs = deps.clock.now();
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await send(outgoing, options);
        deps.budget.refill();
        return answer;
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        const delayMs = retryDelayMs(error, attempt, deps.random);
        const isLate = error.retryAfterMs === null && deps.clock.now() - startedMs >= retryingForMs;
        if (delayMs === null || isLate || options.signal.aborted || !deps.budget.take()) throw error;
        await deps.clock.sleep(delayMs, options.signal);
        if (options.signal.aborted) throw outOfTime(outgoing.operation, error);
      }
    }
  };
}

/** How long to wait before the next attempt; null when there shall be none. `attempt` counts from 1. */
export function retryDelayMs(error: SourceError, attempt: number, random: Random): number | null {
  const isPassing = error.reason === "throttled" || error.reason === "unavailable";
  const askedMs = error.retryAfterMs ?? 0;
  if (!isPassing || attempt >= maxAttempts || askedMs > maxRetryAfterMs) return null;
  return askedMs + backoffMs(attempt, delays, random);
}

export interface RetryBudget {
  /** Whether one more retry may be made. */
  take(): boolean;
  /** After a success. */
  refill(): void;
}

/** Starts full at `capacity` retries; ten successes earn one retry. */
export function retryBudget(capacity: number): RetryBudget {
  // In tenths of a retry, which add up exactly.
  let tenths = capacity * 10;
  return {
    take: () => {
      if (tenths < 10) return false;
      tenths -= 10;
      return true;
    },
    refill: () => {
      tenths = Math.min(capacity * 10, tenths + 1);
    },
  };
}
