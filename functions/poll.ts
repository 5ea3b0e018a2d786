import process from "node:process";
import type { RunSummary } from "../lib/run/summary.ts";
import { lambda } from "../lib/serverless/lambda.ts";
import { reportRun, requireSuccess } from "../lib/serverless/report.ts";
import { isTimer } from "../lib/serverless/timer.ts";
import { warmBridge } from "../lib/serverless/warm.ts";
import type { Bridge } from "../lib/wire/bridge.ts";

const write = (line: string): void => void process.stdout.write(line);
const setup = { environment: process.env, folder: import.meta.dirname, write, warm: warmBridge };

/** Makes one run: over all streams by a timer, over those that an event names by any other trigger. Returns its summary; rejects after the run when a stream could not be read. */
export const handler = lambda<unknown, Bridge, RunSummary>(setup, async (invocation) => {
  const { event, part, signal, followForMs } = invocation;
  const time = { followForMs };
  const isWoken = !isTimer(event);
  // A repeated wake returns the summary of a run that was reported before.
  const observer = { ran: (summary: RunSummary) => reportRun(summary, invocation, { isWoken }) };
  const summary = await (isWoken
    ? part.wake(event, signal, observer, time)
    : part.run(signal, observer, time));
  requireSuccess(summary);
  return summary;
});
