import process from "node:process";
import middy from "@middy/core";
import type { ScheduledEvent } from "aws-lambda";
import type { RunSummary } from "../lib/run/summary.ts";
import { functionDeps, unobserved } from "../lib/serverless/environment.ts";
import { metricsLine, runMetrics } from "../lib/serverless/metrics.ts";
import { logRun, oldestPendingMs, requireNoStrays, requireSuccess } from "../lib/serverless/report.ts";
import { warmBridge } from "../lib/serverless/warm.ts";
import { catchStrays } from "../lib/telemetry/strays.ts";

/** Kept for the last commit, whose one attempt may take five seconds. */
const reserveMs = 6_000;

const write = (line: string): void => void process.stdout.write(line);
const deps = functionDeps(process.env, import.meta.dirname, write);
const warm = warmBridge(deps);
const strays = catchStrays(process, deps.log);

/** One run over all streams, by a timer. Returns its summary; rejects after it when a stream could not be read. */
export const handler = middy<ScheduledEvent, RunSummary>({
  // The deadline is ours: middy's early time-out would abandon a commit.
  timeoutEarlyInMillis: 0,
}).handler(async (_event, context) => {
  const budgetMs = Math.max(0, context.getRemainingTimeInMillis() - reserveMs);
  const bridge = await warm.current();
  const summary = await bridge.run(AbortSignal.timeout(budgetMs), unobserved);
  const nowMs = deps.clock.now();
  const oldestMs = await oldestPendingMs(bridge.checkpoints, summary, nowMs);
  logRun(deps.log, summary);
  write(metricsLine(runMetrics(summary, oldestMs), context.functionName, nowMs));
  requireSuccess(summary);
  requireNoStrays(strays);
  return summary;
});
