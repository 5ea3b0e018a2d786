import type { LongestWaits } from "../checkpoint/instants.ts";
import type { SliceRules } from "./commit-plan.ts";

/** Between the abort of a run's requests and the instant at which another run may deliver. */
export const fenceMarginMs = 1_000;

/** The longest that a record may ask a run with these rules to wait. */
export const longestWaits = ({ policies }: SliceRules, timeBudgetMs: number): LongestWaits => ({
  fenceMs: timeBudgetMs + fenceMarginMs,
  attemptMs: (sink) => {
    const policy = policies.get(sink);
    return policy ? Math.max(policy.maxDelayMs, policy.maxRetryAfterMs) : 0;
  },
});
