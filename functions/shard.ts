import process from "node:process";
import type { SQSBatchResponse } from "aws-lambda";
import { requireBatch } from "../lib/serverless/batch.ts";
import { lambda } from "../lib/serverless/lambda.ts";
import { reportRun } from "../lib/serverless/report.ts";
import { pollShards } from "../lib/serverless/shards.ts";
import { warmBridge } from "../lib/serverless/warm.ts";
import type { Bridge } from "../lib/wire/bridge.ts";

const write = (line: string): void => void process.stdout.write(line);
const setup = { environment: process.env, folder: import.meta.dirname, write, warm: warmBridge };

/**
 * Makes one run over the streams named in the planner's messages. Returns the messages to be received again; rejects
 * for the event of another trigger.
 */
export const handler = lambda<unknown, Bridge, SQSBatchResponse>(setup, async (invocation) => {
  const { event, part, log, signal, followForMs } = invocation;
  const records = requireBatch(event, "of shards");
  const { summary, response } = await pollShards(records, part, log, signal, { followForMs });
  reportRun(summary, invocation);
  return response;
});
