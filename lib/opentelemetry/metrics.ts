import type { Attributes, Meter, ObservableResult } from "@opentelemetry/api";
import type { RunSummary } from "../run/summary.ts";
import type { BridgeObserver } from "../wire/observer.ts";

/** Bounds of the histogram of run durations, seconds. */
const durationBounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** First and last instant of a stream's requests in one run, epoch milliseconds. */
interface ReadTime {
  readonly startedMs: number;
  readonly endedMs: number;
}

/**
 * Records a bridge's metrics. Deliveries have the attribute `sink`, reads the attribute `stream`: both together would
 * make a series for each pair. Gauges show the last run; streams and sinks that are no longer in it disappear.
 */
export function bridgeMetrics(meter: Meter, now: () => number): BridgeObserver {
  const counter = (name: string, description: string) =>
    meter.createCounter(`dms_task_bridge.${name}`, { description });
  const gauge = (name: string, description: string, observe: (result: ObservableResult) => void) =>
    meter.createObservableGauge(`dms_task_bridge.${name}`, { description }).addCallback(observe);

  const accepted = counter("accepted", "Deliveries that the sink accepted.");
  const retried = counter("retried", "Attempts that failed and will be repeated.");
  const deadLettered = counter("dead_lettered", "Deliveries that became dead letters.");
  const changes = counter("changes", "Status changes that were recorded.");
  const failures = counter("stream_errors", "Runs in which the stream was not read or recorded.");
  const requests = counter("api_requests", "Requests to the API by outcome, retries included.");
  const duration = meter.createHistogram("dms_task_bridge.run_duration_seconds", {
    description: "How long runs took.",
    advice: { explicitBucketBoundaries: durationBounds },
  });

  let last: Pick<RunSummary, "sinks" | "streams"> = { sinks: {}, streams: [] };
  const polledMs = new Map<string, number>();
  let reading = new Map<string, ReadTime>();
  let read: ReadonlyMap<string, ReadTime> = new Map();

  const perSink = (name: string, description: string, of: (sink: RunSummary["sinks"][string]) => number) =>
    gauge(name, description, (result) => {
      for (const [sink, summary] of Object.entries(last.sinks)) result.observe(of(summary), { sink });
    });
  const perStream = (name: string, description: string, of: (key: string) => number | undefined) =>
    gauge(name, description, (result) => {
      for (const { key } of last.streams) observe(result, of(key), { stream: key });
    });

  perSink("pending", "Deliveries still pending for the sink.", ({ pending }) => pending);
  perSink("failing", "1 while the sink refuses deliveries, blocked or not.", ({ state }) =>
    state === "healthy" || state === "removed" ? 0 : 1,
  );
  perSink("blocked", "1 while the sink waits for its operator.", ({ state }) =>
    state === "blocked" ? 1 : 0,
  );
  perSink(
    "oldest_pending_age_seconds",
    "Age of the oldest delivery still pending for the sink.",
    ({ oldestPendingAt }) =>
      oldestPendingAt === null ? 0 : Math.max(0, now() - Date.parse(oldestPendingAt)) / 1_000,
  );
  gauge("unreadable_records", "Records passed over in the last run.", (result) => {
    for (const { key, unreadable } of last.streams) result.observe(unreadable, { stream: key });
  });
  perStream("last_successful_poll_timestamp_seconds", "When the stream was last read and recorded.", (key) =>
    inSeconds(polledMs.get(key)),
  );
  perStream("poll_duration_seconds", "How long the last read of the stream took.", (key) => {
    const time = read.get(key);
    return inSeconds(time && time.endedMs - time.startedMs);
  });

  return {
    requested: ({ operation, stream, startedMs, endedMs, failure }) => {
      requests.add(1, { operation, outcome: failure ?? "success", ...(stream === null ? {} : { stream }) });
      if (stream !== null)
        reading.set(stream, { startedMs: reading.get(stream)?.startedMs ?? startedMs, endedMs });
    },
    attempted: ({ sink, result: { kind } }) => {
      if (kind === "accepted") accepted.add(1, { sink });
      if (kind === "retry" || kind === "blocked") retried.add(1, { sink });
    },
    ran: (summary) => {
      last = summary;
      read = reading;
      reading = new Map();
      duration.record(summary.durationMs / 1_000);
      for (const [sink, figures] of Object.entries(summary.sinks)) {
        accepted.add(0, { sink });
        retried.add(0, { sink });
        deadLettered.add(figures.deadLettered, { sink });
      }
      for (const { key: stream, changes: count, error } of summary.streams) {
        changes.add(count, { stream });
        if (error) failures.add(1, { stream, code: error.code });
        else polledMs.set(stream, now());
      }
    },
  };
}

const inSeconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1_000);

function observe(result: ObservableResult, value: number | undefined, attributes: Attributes): void {
  if (value !== undefined) result.observe(value, attributes);
}
