import process from "node:process";
import type { ScheduledEvent } from "aws-lambda";
import { lambda } from "../lib/serverless/lambda.ts";
import { planMetrics } from "../lib/serverless/metrics.ts";
import { type Planning, warmPlanning } from "../lib/serverless/planning.ts";
import { requireListed } from "../lib/serverless/report.ts";

const write = (line: string): void => void process.stdout.write(line);
const setup = { environment: process.env, folder: import.meta.dirname, write, warm: warmPlanning };

/** Sends a fleet's due streams to the queue, by a timer. Rejects afterwards when a source's instances could not be listed. */
export const handler = lambda<Partial<ScheduledEvent>, Planning, ReturnType<typeof planMetrics>>(
  setup,
  async ({ event, part, now, signal, report }) => {
    // The timer's scheduled time: a late or repeated event plans for the same minute.
    const nowMs = event.time ? Date.parse(event.time) : now();
    const summary = await part.plan(nowMs, signal);
    const metrics = planMetrics(summary);
    report(metrics);
    requireListed(summary);
    return metrics;
  },
);
