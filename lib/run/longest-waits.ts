import type { LongestWaits } from "../checkpoint/instants.ts";
import type { CommitRules } from "./commit-plan.ts";

/** Between the abort of a run's requests and the instant at which another run may deliver. */
export const leaseMarginMs = 1_000;

/** The longest that a record may ask a run with these rules to wait. */
export const longestWaits = ({ policies }: CommitRules, timeBudgetMs: number): LongestWaits => ({
  fenceMs: timeBudgetMs + leaseMarginMs,
  attemptMs: (sink) => {
    const policy = policies.get(sink);
    return policy ? Math.max(policy.maxDelayMs, policy.maxRetryAfterMs) : 0;
  },
});
