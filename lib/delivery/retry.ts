import { backoffMs } from "../async/backoff.ts";
import type { PendingState } from "../checkpoint/checkpoint.ts";
import type { Random } from "../core/clock.ts";
import type { DeliveryResult } from "../core/result.ts";
import type { GiveUpReason } from "./dead-letters.ts";

/** Retry settings of one sink. */
export interface RetryPolicy {
  readonly attemptsPerRun: number;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly maxRetryAfterMs: number;
  /** Maximum attempts; null: unlimited. */
  readonly maxAttempts: number | null;
  readonly maxAgeMs: number;
}

/** One attempt of a delivery. */
export interface Attempt {
  /** Attempts so far over all runs, this one included. */
  readonly attempts: number;
  /** Milliseconds since the event was committed. */
  readonly ageMs: number;
  readonly nowMs: number;
}

/** Decision after an attempt. */
export type Decision =
  | { readonly kind: "settle" }
  | { readonly kind: "give-up"; readonly reason: GiveUpReason; readonly detail: string }
  /** Stays pending. */
  | { readonly kind: "wait"; readonly pending: PendingState };

/** Decides from a sink's result whether the delivery is complete, abandoned or retried. */
export function decide(
  result: DeliveryResult,
  attempt: Attempt,
  policy: RetryPolicy,
  random: Random,
): Decision {
  switch (result.kind) {
    case "accepted":
      return { kind: "settle" };
    case "permanent":
      return { kind: "give-up", reason: result.reason, detail: result.detail };
    case "blocked":
    case "retry":
      if (isTooOld(attempt.ageMs, policy))
        return { kind: "give-up", reason: "too_old", detail: result.detail };
      // Attempts on a blocked sink do not count against the event: an operator must fix the sink.
      if (result.kind === "retry" && policy.maxAttempts !== null && attempt.attempts >= policy.maxAttempts) {
        return { kind: "give-up", reason: "too_many_attempts", detail: result.detail };
      }
      return {
        kind: "wait",
        pending: {
          attempts: attempt.attempts,
          nextAttemptMs: attempt.nowMs + delayMs(result, attempt, policy, random),
        },
      };
    default:
      return result satisfies never;
  }
}

/** Whether an event has reached the maximum age. */
export const isTooOld = (ageMs: number, { maxAgeMs }: RetryPolicy): boolean => ageMs >= maxAgeMs;

/** Milliseconds that the sink asked to wait, limited by the policy; null when it did not ask. */
export const askedDelayMs = (result: DeliveryResult, policy: RetryPolicy): number | null =>
  "retryAfterMs" in result && result.retryAfterMs !== undefined
    ? Math.min(Math.max(0, result.retryAfterMs), policy.maxRetryAfterMs)
    : null;

/** Exponential backoff with full jitter, unless the sink asked for a wait. Milliseconds. */
function delayMs(result: DeliveryResult, { attempts }: Attempt, policy: RetryPolicy, random: Random): number {
  const bounds = { firstMs: policy.initialDelayMs, maxMs: policy.maxDelayMs };
  return askedDelayMs(result, policy) ?? Math.round(backoffMs(attempts, bounds, random));
}
