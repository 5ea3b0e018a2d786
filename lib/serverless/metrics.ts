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
  const perSink = Object.values(sinks).map((sink) => sinkMetrics(sink, nowMs));
  const sum = (name: keyof ReturnType<typeof sinkMetrics>): number =>
    perSink.reduce((total, metrics) => total + metrics[name], 0);
  return {
    SuccessfulRuns: errors === 0 ? 1 : 0,
    StreamErrors: errors,
    Unreadable: streams.reduce((total, { unreadable }) => total + unreadable, 0),
    Changes: streams.reduce((total, { changes }) => total + changes, 0),
    Accepted: sum("Accepted"),
    Retrying: sum("Retrying"),
    Pending: sum("Pending"),
    DeadLettered: sum("DeadLettered"),
    OldestPendingAge: Math.max(0, ...perSink.map(({ OldestPendingAge }) => OldestPendingAge)),
    Duration: durationMs,
  } as const satisfies Partial<Metrics>;
}

/** Metrics of one sink in a run as of `nowMs`. */
export function sinkMetrics(
  { accepted, retrying, pending, deadLettered, oldestPendingAt }: SinkSummary,
  nowMs: number,
) {
  const oldestMs = Date.parse(oldestPendingAt ?? "") || nowMs;
  return {
    Accepted: accepted,
    Retrying: retrying,
    Pending: pending,
    DeadLettered: deadLettered,
    OldestPendingAge: Math.round(Math.max(0, nowMs - oldestMs) / 1_000),
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

/** Dimensions of a line of metrics. */
export interface MetricDimensions {
  readonly FunctionName: string;
  /** The sink that the metrics are about. @default all of them */
  readonly Sink?: string;
}

/**
 * Formats metrics as a log line with these dimensions together.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export const metricsLine = (metrics: Partial<Metrics>, dimensions: MetricDimensions, nowMs: number): string =>
  `${JSON.stringify({
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [Object.keys(dimensions)],
          Metrics: Object.entries(units)
            .filter(([name]) => Object.hasOwn(metrics, name))
            .map(([Name, Unit]) => ({ Name, Unit })),
        },
      ],
    },
    ...dimensions,
    ...metrics,
  })}\n`;
