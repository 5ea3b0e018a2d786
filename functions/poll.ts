import process from "node:process";
import type { ScheduledEvent } from "aws-lambda";
import type { RunSummary } from "../lib/run/summary.ts";
import { lambda } from "../lib/serverless/lambda.ts";
import { reportRun, requireSuccess } from "../lib/serverless/report.ts";
import { warmBridge } from "../lib/serverless/warm.ts";
import type { Bridge } from "../lib/wire/bridge.ts";

const write = (line: string): void => void process.stdout.write(line);
const setup = { environment: process.env, folder: import.meta.dirname, write, warm: warmBridge };

/** Makes one run over all streams, by a timer. Returns its summary; rejects after the run when a stream could not be read. */
export const handler = lambda<ScheduledEvent, Bridge, RunSummary>(setup, async (invocation) => {
  const { part, signal, followForMs } = invocation;
  const summary = await part.run(signal, {}, { followForMs });
  reportRun(summary, invocation);
  requireSuccess(summary);
  return summary;
});
