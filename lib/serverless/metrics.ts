import type { DeliverySummary } from "../fleet/deliverer.ts";
import type { RunSummary, SinkSummary } from "../run/summary.ts";
import type { PlanSummary } from "./planning.ts";

const namespace = "DmsTaskBridge";

const units = {
  SuccessfulRuns: "Count",
  StreamErrors: "Count",
  Unreadable: "Count",
  Watched: "Count",
  Due: "Count",
  Busy: "Count",
  Messages: "Count",
  Changes: "Count",
  Accepted: "Count",
  Filtered: "Count",
  Retrying: "Count",
  Pending: "Count",
  DeadLettered: "Count",
  OldestPendingAge: "Seconds",
  Duration: "Milliseconds",
} as const;

/** A function's metrics, by their CloudWatch names. */
export type Metrics = Readonly<Record<keyof typeof units, number>>;

/** Metrics of a run as of `nowMs`, summed over its sinks. A run succeeds when every stream was read and recorded. */
export function runMetrics({ streams, sinks, durationMs }: RunSummary, nowMs: number) {
  const errors = streams.filter(({ error }) => error !== null).length;
  const oldestMs = Object.values(sinks).map(
    ({ oldestPendingAt }) => Date.parse(oldestPendingAt ?? "") || nowMs,
  );
  const sum = (of: (sink: SinkSummary) => number): number =>
    Object.values(sinks).reduce((total, sink) => total + of(sink), 0);
  return {
    SuccessfulRuns: errors === 0 ? 1 : 0,
    StreamErrors: errors,
    Unreadable: streams.reduce((total, { unreadable }) => total + unreadable, 0),
    Changes: streams.reduce((total, { changes }) => total + changes, 0),
    Accepted: sum(({ accepted }) => accepted),
    Retrying: sum(({ retrying }) => retrying),
    Pending: sum(({ pending }) => pending),
    DeadLettered: sum(({ deadLettered }) => deadLettered),
    OldestPendingAge: Math.round((nowMs - Math.min(nowMs, ...oldestMs)) / 1_000),
    Duration: durationMs,
  } as const satisfies Partial<Metrics>;
}

/** Metrics of a plan. A plan succeeds when every source's instances are known. */
export const planMetrics = ({ plan, watched, failedSources, durationMs }: PlanSummary) =>
  ({
    SuccessfulRuns: failedSources.length === 0 ? 1 : 0,
    StreamErrors: failedSources.length,
    Watched: watched,
    Due: plan.due,
    Busy: plan.busy,
    Messages: plan.messages.length,
    Duration: durationMs,
  }) as const satisfies Partial<Metrics>;

/** Metrics of a batch of messages; `Retrying` counts those returned to the queue. */
export const deliveryMetrics = (summary: DeliverySummary, durationMs: number) =>
  ({
    Accepted: summary.accepted,
    Filtered: summary.filtered,
    Retrying: summary.failed.length,
    DeadLettered: summary.deadLettered,
    Duration: durationMs,
  }) as const satisfies Partial<Metrics>;

/**
 * Formats metrics as a log line with the function as the only dimension.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export const metricsLine = (metrics: Partial<Metrics>, functionName: string, nowMs: number): string =>
  `${JSON.stringify({
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [["FunctionName"]],
          Metrics: Object.entries(units)
            .filter(([name]) => Object.hasOwn(metrics, name))
            .map(([Name, Unit]) => ({ Name, Unit })),
        },
      ],
    },
    FunctionName: functionName,
    ...metrics,
  })}\n`;
