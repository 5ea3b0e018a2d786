import type { PollingConfig, SourceConfig } from "../config/schema.ts";
import type { Clock } from "../core/clock.ts";
import type { FollowRules } from "../run/plan.ts";
import { keyOf } from "../source/credentials.ts";
import { lookBudgets } from "../source/look-budget.ts";

/** Creates the rules by which each source's streams are followed; sources with one access key share its budget. */
export function followRules(
  { follow, callsPerMinute }: PollingConfig,
  { clock, containers = 1 }: { readonly clock: Clock; readonly containers?: number },
): (config: SourceConfig) => FollowRules | undefined {
  const budgetOf = lookBudgets(clock, callsPerMinute / containers);
  const followed: FollowRules["followed"] = new Map();
  return ({ credentials }) =>
    follow === "off" || !credentials
      ? undefined
      : { everyMs: follow, budget: budgetOf(keyOf(credentials)), followed };
}
