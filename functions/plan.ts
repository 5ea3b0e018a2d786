import process from "node:process";
import { lambda } from "../lib/serverless/lambda.ts";
import { planMetrics } from "../lib/serverless/metrics.ts";
import { type Planning, warmPlanning } from "../lib/serverless/planning.ts";
import { requireListed } from "../lib/serverless/report.ts";
import { isTimer, scheduledMs } from "../lib/serverless/timer.ts";

const write = (line: string): void => void process.stdout.write(line);
const setup = { environment: process.env, folder: import.meta.dirname, write, warm: warmPlanning };

/**
 * Sends a fleet's streams to the queue: those that are due, by a timer; by any other trigger those that its event names,
 * or all. Rejects afterwards when a source's instances could not be listed.
 */
export const handler = lambda<unknown, Planning, Partial<ReturnType<typeof planMetrics>>>(
  setup,
  async ({ event, part, now, signal, report }) => {
    const isWoken = !isTimer(event);
    const summary = await (isWoken
      ? part.wake(event, signal)
      : // A late or repeated event plans for the same minute.
        part.plan(scheduledMs(event) ?? now(), signal));
    const { SuccessfulRuns, ...counts } = planMetrics(summary);
    // A wake does not count as a run: the alarm tells that the timer has stopped.
    const metrics = isWoken ? counts : { SuccessfulRuns, ...counts };
    report(metrics);
    requireListed(summary);
    return metrics;
  },
);
