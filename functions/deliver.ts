import process from "node:process";
import type { SQSBatchResponse } from "aws-lambda";
import { requireBatch } from "../lib/serverless/batch.ts";
import { type Delivering, warmDelivering } from "../lib/serverless/delivering.ts";
import { lambda } from "../lib/serverless/lambda.ts";
import { deliveryMetrics } from "../lib/serverless/metrics.ts";

/** Time reserved for Lambda's own response. */
const responseMs = 500;

const write = (line: string): void => void process.stdout.write(line);
const setup = { environment: process.env, folder: import.meta.dirname, write, warm: warmDelivering };

/**
 * Delivers the events of one queue to one sink. Returns the messages to be received again; rejects for the event of
 * another trigger.
 */
export const handler = lambda<unknown, Delivering, SQSBatchResponse>(setup, async (invocation) => {
  const { event, part, now, startedMs, remainingMs, budgetMs, signal, report } = invocation;
  const summary = await part.deliver(requireBatch(event, "of events"), {
    stopAtMs: startedMs + budgetMs,
    sending: signal,
    settling: AbortSignal.timeout(Math.max(0, remainingMs - responseMs)),
  });
  report(deliveryMetrics(summary, now() - startedMs));
  return { batchItemFailures: summary.failed.map((itemIdentifier) => ({ itemIdentifier })) };
});
