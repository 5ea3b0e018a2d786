import process from "node:process";
import middy from "@middy/core";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { warmDelivering } from "../lib/serverless/delivering.ts";
import { functionDeps } from "../lib/serverless/environment.ts";
import { deliveryMetrics, metricsLine } from "../lib/serverless/metrics.ts";
import { catchStrays } from "../lib/telemetry/strays.ts";

/** Kept for the calls to the queues that end a batch, and for Lambda's own answer. */
const reserveMs = 6_000;
const answerMs = 500;

const write = (line: string): void => void process.stdout.write(line);
const deps = functionDeps(process.env, import.meta.dirname, write);
const warm = warmDelivering(deps);
catchStrays(process, deps.log);

/** Delivers the events of one queue to one sink. Answers with the messages to be received again. */
export const handler = middy<SQSEvent, SQSBatchResponse>({ timeoutEarlyInMillis: 0 }).handler(
  async (event, context) => {
    const startedMs = deps.clock.now();
    const leftMs = context.getRemainingTimeInMillis();
    const budgetMs = Math.max(0, leftMs - reserveMs);
    const summary = await (await warm.current()).deliver(event.Records, {
      stopAtMs: startedMs + budgetMs,
      sending: AbortSignal.timeout(budgetMs),
      settling: AbortSignal.timeout(Math.max(0, leftMs - answerMs)),
    });
    const nowMs = deps.clock.now();
    write(metricsLine(deliveryMetrics(summary, nowMs - startedMs), context.functionName, nowMs));
    return { batchItemFailures: summary.failed.map((itemIdentifier) => ({ itemIdentifier })) };
  },
);
