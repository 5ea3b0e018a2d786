import process from "node:process";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { lambda } from "../lib/serverless/lambda.ts";
import { reportRun } from "../lib/serverless/report.ts";
import { pollShards } from "../lib/serverless/shards.ts";
import { warmBridge } from "../lib/serverless/warm.ts";
import type { Bridge } from "../lib/wire/bridge.ts";

const write = (line: string): void => void process.stdout.write(line);
const setup = { environment: process.env, folder: import.meta.dirname, write, warm: warmBridge };

/** Makes one run over the streams named in the planner's messages. Returns the messages to be received again. */
export const handler = lambda<SQSEvent, Bridge, SQSBatchResponse>(setup, async (invocation) => {
  const { event, part, log, signal, followForMs } = invocation;
  const { summary, response } = await pollShards(event, part, log, signal, { followForMs });
  reportRun(summary, invocation);
  return response;
});
