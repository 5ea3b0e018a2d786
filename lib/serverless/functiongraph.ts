import { withTimeLimit } from "../async/deadline.ts";
import type { Environment } from "../core/environment.ts";
import { accessKeyIn } from "../huawei/access-key.ts";
import type { AccessKey } from "../huawei/sign.ts";
import type { RunSummary } from "../run/summary.ts";
import type { Strays } from "../telemetry/strays.ts";
import { parseJson } from "../text/json.ts";
import { followForMs } from "./limits.ts";
import { logRun, requireNoStrays, requireSuccess } from "./report.ts";
import { isTimer } from "./timer.ts";
import { type WarmDeps, warmBridge } from "./warm.ts";

/** Time reserved for the last commit, milliseconds; one attempt may take five seconds. */
const reserveMs = 6_000;

/** One invocation of the function. */
export interface FunctionGraphInvocation {
  /** The trigger's event: the timer's, or any other, which wakes the streams that it names. */
  readonly event: unknown;
  /** Temporary key of the function's agency; null without an agency. */
  readonly agencyKey: AccessKey | null;
  /** Time left until the platform ends the invocation, milliseconds. */
  readonly remainingMs: number;
  /** Ends the run early, when the process is asked to stop. */
  readonly signal?: AbortSignal;
}

/**
 * Creates a function that runs all streams on each invocation, with a cached bridge. Resolves with the summary.
 * @throws RunFailed after the run, when a stream could not be read
 */
export function functionGraphRuns(
  deps: WarmDeps,
  strays: Strays,
): (invocation: FunctionGraphInvocation) => Promise<RunSummary> {
  const warm = warmBridge(deps);
  // A key in the function's own variables takes precedence over the agency's.
  const hasOwnKey = accessKeyIn(deps.environment) !== null;
  return async ({ event, agencyKey, remainingMs, signal }) => {
    const startedMs = deps.clock.now();
    const budgetMs = Math.max(0, remainingMs - reserveMs);
    const summary = await withTimeLimit(signal ?? null, budgetMs, async (ended) => {
      const bridge = await warm.current(hasOwnKey || !agencyKey ? {} : variablesOf(agencyKey));
      const time = { followForMs: followForMs(startedMs + budgetMs - deps.clock.now()) };
      // A repeated wake returns the summary of a run that was logged before.
      const observer = { ran: (summary: RunSummary) => logRun(deps.log, summary) };
      return isTimer(event) ? bridge.run(ended, observer, time) : bridge.wake(event, ended, observer, time);
    });
    requireSuccess(summary);
    requireNoStrays(strays);
    return summary;
  };
}

/** Merges the function's own variables, which FunctionGraph passes as JSON in one variable. */
export function withUserData(environment: Environment): Environment {
  const userData = parseJson(environment["RUNTIME_USERDATA"] ?? "");
  return { ...(typeof userData === "object" ? userData : {}), ...environment };
}

const variablesOf = ({ ak, sk, securityToken = "" }: AccessKey): Record<string, string> => ({
  HUAWEICLOUD_SDK_AK: ak,
  HUAWEICLOUD_SDK_SK: sk,
  HUAWEICLOUD_SDK_SECURITY_TOKEN: securityToken,
});
