import type { RunSummary, SinkSummary } from "../run.ts";

const namespace = "DmsTaskBridge";

const units = {
  SuccessfulRuns: "Count",
  StreamErrors: "Count",
  Changes: "Count",
  Accepted: "Count",
  Retrying: "Count",
  Pending: "Count",
  DeadLettered: "Count",
  OldestPendingAge: "Seconds",
  Duration: "Milliseconds",
} as const;

export type Metrics = Readonly<Record<keyof typeof units, number>>;

/** A run in numbers, all sinks together. A run is successful when every stream was read and recorded. */
export function runMetrics({ streams, sinks, durationMs }: RunSummary, oldestPendingMs: number): Metrics {
  const errors = streams.filter(({ error }) => error !== null).length;
  const sum = (of: (sink: SinkSummary) => number): number =>
    Object.values(sinks).reduce((total, sink) => total + of(sink), 0);
  return {
    SuccessfulRuns: errors === 0 ? 1 : 0,
    StreamErrors: errors,
    Changes: streams.reduce((total, { changes }) => total + changes, 0),
    Accepted: sum(({ accepted }) => accepted),
    Retrying: sum(({ retrying }) => retrying),
    Pending: sum(({ pending }) => pending),
    DeadLettered: sum(({ deadLettered }) => deadLettered),
    OldestPendingAge: Math.round(oldestPendingMs / 1_000),
    Duration: durationMs,
  };
}

/** A log line that CloudWatch reads as metrics (embedded metric format), with the function as their one dimension. */
export const metricsLine = (metrics: Metrics, functionName: string, nowMs: number): string =>
  `${JSON.stringify({
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [["FunctionName"]],
          Metrics: Object.entries(units).map(([Name, Unit]) => ({ Name, Unit })),
        },
      ],
    },
    FunctionName: functionName,
    ...metrics,
  })}\n`;
