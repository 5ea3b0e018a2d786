import process from "node:process";
import { systemClock } from "../lib/core/clock.ts";
import { accessKeyIn } from "../lib/huawei/access-key.ts";
import type { RunSummary } from "../lib/run/summary.ts";
import { unobserved } from "../lib/serverless/environment.ts";
import { logRun, requireNoStrays, requireSuccess } from "../lib/serverless/report.ts";
import { warmBridge } from "../lib/serverless/warm.ts";
import { jsonLog } from "../lib/telemetry/log.ts";
import { catchStrays } from "../lib/telemetry/strays.ts";
import { parseJson } from "../lib/text/json.ts";

/** What this function uses of what FunctionGraph's Node.js runtime hands to a handler. */
export interface FunctionGraphContext {
  getRemainingTimeInMilliSeconds(): number;
  getLogger(): { info(line: string): void };
  /** The three are of the function's agency, good for 24 hours; empty without one. */
  getSecurityAccessKey(): string;
  getSecuritySecretKey(): string;
  getSecurityToken(): string;
}

/** Kept for the last commit, whose one attempt may take five seconds. */
const reserveMs = 6_000;

/** FunctionGraph hands the function's own variables over as JSON in one of the process. */
const userData = parseJson(process.env["RUNTIME_USERDATA"] ?? "");
const environment = { ...(typeof userData === "object" ? userData : {}), ...process.env };

/** FunctionGraph puts an invocation's lines into the log under its request's id. */
let logger: ReturnType<FunctionGraphContext["getLogger"]> | null = null;
const log = jsonLog((line) => logger?.info(line.trimEnd()), "info", systemClock.now);
const warm = warmBridge({
  configFile: environment["BRIDGE_CONFIG"] ?? null,
  folder: import.meta.dirname,
  environment,
  clock: systemClock,
  random: Math.random,
  log,
});

const strays = catchStrays(process, log);

/** The key of the function's agency, as variables; none where the function has one of its own among them. */
function agencyKey(context: FunctionGraphContext): Record<string, string> {
  if (accessKeyIn(environment)) return {};
  const [ak, sk] = [context.getSecurityAccessKey(), context.getSecuritySecretKey()];
  if (!ak || !sk) return {};
  return {
    HUAWEICLOUD_SDK_AK: ak,
    HUAWEICLOUD_SDK_SK: sk,
    HUAWEICLOUD_SDK_SECURITY_TOKEN: context.getSecurityToken(),
  };
}

/** One run over all streams, by a timer. Returns its summary; rejects after it when a stream could not be read. */
export async function handler(_event: unknown, context: FunctionGraphContext): Promise<RunSummary> {
  const budgetMs = Math.max(0, context.getRemainingTimeInMilliSeconds() - reserveMs);
  logger = context.getLogger();
  const bridge = await warm.current(agencyKey(context));
  const summary = await bridge.run(AbortSignal.timeout(budgetMs), unobserved);
  logRun(log, summary);
  requireSuccess(summary);
  requireNoStrays(strays);
  return summary;
}
