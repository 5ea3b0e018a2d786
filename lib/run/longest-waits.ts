import type { LongestWaits } from "../checkpoint/instants.ts";
import type { CommitRules } from "./commit-plan.ts";

/** Milliseconds between the abort of a run's requests and the instant from which another run may deliver. */
export const leaseMarginMs = 1_000;

/** Upper bounds of the waits in a record of a run with these rules. */
export const longestWaits = ({ policies }: CommitRules, timeBudgetMs: number): LongestWaits => ({
  fenceMs: timeBudgetMs + leaseMarginMs,
  attemptMs: (sink) => {
    const policy = policies.get(sink);
    return policy ? Math.max(policy.maxDelayMs, policy.maxRetryAfterMs) : 0;
  },
});
