import { backoffMs } from "../async/backoff.ts";
import type { Clock, Random } from "../core/clock.ts";
import { SourceError } from "../core/errors.ts";
import { outOfTime, type SendApiRequest } from "./http.ts";

const maxAttempts = 4;
const delays = { firstMs: 200, maxMs: 5_000 };
/**
 * Time after the first attempt in which others may start, milliseconds: a call that hangs costs one timeout, and no
 * stream holds up the next poll of the others for long.
 */
const retryingForMs = 10_000;
/** Longest Retry-After to wait out, milliseconds; beyond it the stream fails and a later run reads it. */
const maxRetryAfterMs = 5_000;

/**
 * Wraps `send` with retries after throttling, 5xx and network failures: exponential backoff with full jitter, on top of
 * Retry-After. All calls share one budget, so that an API outage is not made worse.
 */
export function retrying(
  send: SendApiRequest,
  deps: { readonly clock: Clock; readonly random: Random; readonly budget: RetryBudget },
): SendApiRequest {
  return async (outgoing, options) => {
    const startedMs = deps.clock.now();
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await send(outgoing, options);
        deps.budget.refill();
        return response;
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        const delayMs = retryDelayMs(error, attempt, deps.random);
        if (delayMs === null || options.signal.aborted) throw error;
        const isLate = deps.clock.now() + delayMs - startedMs >= retryingForMs;
        if (isLate || !deps.budget.take()) throw error;
        await deps.clock.sleep(delayMs, options.signal);
        if (options.signal.aborted) throw outOfTime(outgoing.operation, error);
      }
    }
  };
}

/** Milliseconds to wait before the next attempt; null: do not retry. `attempt` counts from 1. */
export function retryDelayMs(error: SourceError, attempt: number, random: Random): number | null {
  const isPassing = error.reason === "throttled" || error.reason === "unavailable";
  const askedMs = error.retryAfterMs ?? 0;
  if (!isPassing || attempt >= maxAttempts || askedMs > maxRetryAfterMs) return null;
  return askedMs + backoffMs(attempt, delays, random);
}

/** Shared budget of retries. */
export interface RetryBudget {
  /** Takes one retry; false when none is left. */
  take(): boolean;
  /** Call after a success. */
  refill(): void;
}

/** Creates a budget of `capacity` retries; ten successes earn one more. */
export function retryBudget(capacity: number): RetryBudget {
  // Counted in tenths of a retry, which add up exactly.
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
