import process from "node:process";
import middy from "@middy/core";
import type { ScheduledEvent } from "aws-lambda";
import { systemClock } from "../lib/clock.ts";
import type { RunObserver } from "../lib/observer.ts";
import type { RunSummary } from "../lib/run.ts";
import { metricsLine, runMetrics } from "../lib/serverless/metrics.ts";
import { logRun, oldestPendingMs, requireSuccess } from "../lib/serverless/report.ts";
import { warmBridge } from "../lib/serverless/warm.ts";
import { jsonLog } from "../lib/telemetry/log.ts";

/** Kept for the last commit, whose one attempt may take five seconds. */
const reserveMs = 6_000;

const write = (line: string): void => void process.stdout.write(line);
const log = jsonLog(write, "info", systemClock.now);
const unobserved: RunObserver = { committed: () => {}, attempted: () => {} };
const warm = warmBridge({
  configFile: process.env["BRIDGE_CONFIG"] ?? null,
  folder: import.meta.dirname,
  environment: process.env,
  clock: systemClock,
  random: Math.random,
  log,
});

/** One run over all streams, by a timer. Returns its summary; rejects after it when a stream could not be read. */
export const handler = middy<ScheduledEvent, RunSummary>({
  // The deadline is ours: middy's early time-out would abandon a commit.
  timeoutEarlyInMillis: 0,
}).handler(async (_event, context) => {
  const budgetMs = Math.max(0, context.getRemainingTimeInMillis() - reserveMs);
  const bridge = await warm.current();
  const summary = await bridge.run(AbortSignal.timeout(budgetMs), unobserved);
  const nowMs = systemClock.now();
  const oldestMs = await oldestPendingMs(bridge.checkpoints, summary, nowMs);
  logRun(log, summary);
  write(metricsLine(runMetrics(summary, oldestMs), context.functionName, nowMs));
  requireSuccess(summary);
  return summary;
});
