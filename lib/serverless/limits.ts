import type { Environment } from "../core/environment.ts";
import { ConfigError } from "../core/errors.ts";

/** Longest time that a run follows streams, milliseconds: within the minute between two timer events. */
const longestFollowMs = 57_000;

/** How long a function's run may follow streams when it has this time, milliseconds. */
export const followForMs = (budgetMs: number): number => Math.min(budgetMs, longestFollowMs);

/** Maximum containers of the function; 1 when not set. @throws ConfigError */
export function containersIn({ BRIDGE_CONTAINERS: text = "1" }: Environment): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new ConfigError([
    {
      field: "BRIDGE_CONTAINERS",
      found: text,
      expected: "the function's maximumConcurrency, a whole number",
    },
  ]);
}
