import { backoffMs } from "../async/backoff.ts";
import type { PendingState } from "../checkpoint/checkpoint.ts";
import type { Random } from "../core/clock.ts";
import type { DeliveryResult } from "../core/result.ts";
import type { GiveUpReason } from "./dead-letters.ts";

export interface RetryPolicy {
  readonly attemptsPerRun: number;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly maxRetryAfterMs: number;
  /** Null: attempts alone never give an event up. */
  readonly maxAttempts: number | null;
  readonly maxAgeMs: number;
}

export interface Attempt {
  /** Attempts so far, this one included, over all runs. */
  readonly attempts: number;
  /** Since the event was committed. */
  readonly ageMs: number;
  readonly nowMs: number;
}

export type Decision =
  | { readonly kind: "settle" }
  | { readonly kind: "give-up"; readonly reason: GiveUpReason; readonly detail: string }
  /** Stays owed. */
  | { readonly kind: "wait"; readonly pending: PendingState };

/** What follows from a sink's answer for one event. */
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
      // An operator mends a blocked sink: its attempts say nothing about the event.
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

export const isTooOld = (ageMs: number, { maxAgeMs }: RetryPolicy): boolean => ageMs >= maxAgeMs;

/** The wait a sink asked for, bounded; null when it asked for none. */
export const askedDelayMs = (result: DeliveryResult, policy: RetryPolicy): number | null =>
  "retryAfterMs" in result && result.retryAfterMs !== undefined
    ? Math.min(Math.max(0, result.retryAfterMs), policy.maxRetryAfterMs)
    : null;

/** Exponential backoff with full jitter, unless the sink asked for its own wait. */
function delayMs(result: DeliveryResult, { attempts }: Attempt, policy: RetryPolicy, random: Random): number {
  const bounds = { firstMs: policy.initialDelayMs, maxMs: policy.maxDelayMs };
  return askedDelayMs(result, policy) ?? Math.round(backoffMs(attempts, bounds, random));
}
