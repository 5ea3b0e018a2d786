import type { Environment } from "../aws/keys.ts";
import { accessKeyIn } from "../huawei/access-key.ts";
import type { AccessKey } from "../huawei/sign.ts";
import type { RunSummary } from "../run/summary.ts";
import type { Strays } from "../telemetry/strays.ts";
import { parseJson } from "../text/json.ts";
import { logRun, requireNoStrays, requireSuccess } from "./report.ts";
import { type WarmDeps, warmBridge } from "./warm.ts";

/** Kept of an invocation's time for the last commit, whose one attempt may take five seconds. */
const reserveMs = 6_000;

export interface FunctionGraphInvocation {
  /** The temporary key of the function's agency; null where it has none. */
  readonly agencyKey: AccessKey | null;
  /** What the platform leaves until it ends the invocation, milliseconds. */
  readonly remainingMs: number;
  /** Gives the run up early, when the process is told to end. */
  readonly signal?: AbortSignal;
}

/**
 * One run over all streams for each invocation, with a bridge that is kept between them. Resolves with the run's
 * summary; rejects after the run with RunFailed when a stream could not be read.
 */
export function functionGraphRuns(
  deps: WarmDeps,
  strays: Strays,
): (invocation: FunctionGraphInvocation) => Promise<RunSummary> {
  const warm = warmBridge(deps);
  // A key among the function's own variables goes before the agency's.
  const hasOwnKey = accessKeyIn(deps.environment) !== null;
  return async ({ agencyKey, remainingMs, signal }) => {
    const timeout = AbortSignal.timeout(Math.max(0, remainingMs - reserveMs));
    const bridge = await warm.current(hasOwnKey || !agencyKey ? {} : variablesOf(agencyKey));
    const summary = await bridge.run(signal ? AbortSignal.any([timeout, signal]) : timeout);
    logRun(deps.log, summary);
    requireSuccess(summary);
    requireNoStrays(strays);
    return summary;
  };
}

/** The variables of a process on FunctionGraph, which hands the function's own over as JSON in one of them. */
export function withUserData(environment: Environment): Environment {
  const userData = parseJson(environment["RUNTIME_USERDATA"] ?? "");
  return { ...(typeof userData === "object" ? userData : {}), ...environment };
}

const variablesOf = ({ ak, sk, securityToken = "" }: AccessKey): Record<string, string> => ({
  HUAWEICLOUD_SDK_AK: ak,
  HUAWEICLOUD_SDK_SK: sk,
  HUAWEICLOUD_SDK_SECURITY_TOKEN: securityToken,
});
