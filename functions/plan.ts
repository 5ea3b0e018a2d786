import process from "node:process";
import middy from "@middy/core";
import type { ScheduledEvent } from "aws-lambda";
import { functionDeps } from "../lib/serverless/environment.ts";
import { metricsLine, planMetrics } from "../lib/serverless/metrics.ts";
import { warmPlanning } from "../lib/serverless/planning.ts";
import { requireListed, requireNoStrays } from "../lib/serverless/report.ts";
import { catchStrays } from "../lib/telemetry/strays.ts";

/** Kept for the last requests, each of which may take five seconds. */
const reserveMs = 6_000;

const write = (line: string): void => void process.stdout.write(line);
const deps = functionDeps(process.env, import.meta.dirname, write);
const warm = warmPlanning(deps);
const strays = catchStrays(process, deps.log);

/** Sends a fleet's due streams to the queue, by a timer. Rejects after it when a source's instances could not be listed. */
export const handler = middy<Partial<ScheduledEvent>, ReturnType<typeof planMetrics>>({
  timeoutEarlyInMillis: 0,
}).handler(async (event, context) => {
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - reserveMs));
  const planning = await warm.current();
  // The timer's own time: a late or repeated event plans for the same minute.
  const nowMs = event.time ? Date.parse(event.time) : deps.clock.now();
  const summary = await planning.plan(nowMs, signal);
  const metrics = planMetrics(summary);
  write(metricsLine(metrics, context.functionName, deps.clock.now()));
  requireListed(summary);
  requireNoStrays(strays);
  return metrics;
});
