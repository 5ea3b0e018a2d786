import process from "node:process";
import middy from "@middy/core";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { functionDeps } from "../lib/serverless/environment.ts";
import { metricsLine, runMetrics } from "../lib/serverless/metrics.ts";
import { logRun, oldestPendingMs } from "../lib/serverless/report.ts";
import { pollShards } from "../lib/serverless/shards.ts";
import { warmBridge } from "../lib/serverless/warm.ts";
import { catchStrays } from "../lib/telemetry/strays.ts";

/** Kept for the last commit, whose one attempt may take five seconds. */
const reserveMs = 6_000;

const write = (line: string): void => void process.stdout.write(line);
const deps = functionDeps(process.env, import.meta.dirname, write);
const warm = warmBridge(deps);
catchStrays(process, deps.log);

/** One run over the streams that the planner's messages name. Answers with the messages to be received again. */
export const handler = middy<SQSEvent, SQSBatchResponse>({ timeoutEarlyInMillis: 0 }).handler(
  async (event, context) => {
    const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - reserveMs));
    const bridge = await warm.current();
    const { summary, response } = await pollShards(event, bridge, deps.log, signal);
    const nowMs = deps.clock.now();
    const oldestMs = await oldestPendingMs(bridge.checkpoints, summary, nowMs);
    logRun(deps.log, summary);
    write(metricsLine(runMetrics(summary, oldestMs), context.functionName, nowMs));
    return response;
  },
);
