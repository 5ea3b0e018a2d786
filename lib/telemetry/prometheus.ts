import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { SinkStatus } from "../status/sinks.ts";
import type { StreamStatus } from "../status/streams.ts";

/** Fields of a run's summary that become metrics. */
export interface RunFigures {
  readonly durationMs: number;
  readonly streams: readonly StreamFigures[];
  readonly sinks: Readonly<Record<string, SinkFigures>>;
}

interface StreamFigures extends Pick<StreamStatus, "key" | "error"> {
  readonly changes: number;
  readonly unreadable: number;
}

interface SinkFigures extends Pick<SinkStatus, "state" | "pending" | "oldestPendingAt"> {
  readonly accepted: number;
  readonly deadLettered: number;
}

/** Metrics of a process, in Prometheus's text format. */
export interface PrometheusMetrics {
  /** Adds a completed run. */
  ran(figures: RunFigures): void;
  /** Adds a failed attempt that will be retried. */
  retried(sink: string): void;
  readonly contentType: string;
  text(): Promise<string>;
}

/**
 * Creates the metrics of a long-running process. Deliveries are labelled by `sink`, reads by `stream`: both labels
 * together would create a series for each pair.
 */
export function prometheusMetrics(now: () => number): PrometheusMetrics {
  const registry = new Registry();
  const registers = [registry];
  const named = (name: string, help: string) => ({ name: `dms_task_bridge_${name}`, help, registers });
  const perSink = (name: string, help: string) => ({ ...named(name, help), labelNames: ["sink"] });
  const perStream = (name: string, help: string) => ({ ...named(name, help), labelNames: ["stream"] });

  const accepted = new Counter(perSink("accepted_total", "Deliveries that the sink accepted."));
  const retried = new Counter(perSink("retried_total", "Attempts that failed and will be repeated."));
  const deadLettered = new Counter(perSink("dead_lettered_total", "Deliveries that were given up."));
  const pending = new Gauge(perSink("pending", "Deliveries still owed to the sink."));
  const failing = new Gauge(perSink("failing", "1 while the sink refuses deliveries, blocked or not."));
  const blocked = new Gauge(perSink("blocked", "1 while the sink waits for its operator."));
  let oldest: readonly (readonly [sink: string, sinceMs: number | null])[] = [];
  new Gauge({
    ...perSink("oldest_pending_age_seconds", "Age of the oldest delivery still owed to the sink."),
    collect() {
      this.reset();
      for (const [sink, sinceMs] of oldest) {
        this.set({ sink }, sinceMs === null ? 0 : Math.max(0, now() - sinceMs) / 1_000);
      }
    },
  });

  const changes = new Counter(perStream("changes_total", "Status changes that were recorded."));
  const unreadable = new Gauge(perStream("unreadable_records", "Records passed over in the last run."));
  const polled = new Gauge(
    perStream("last_successful_poll_timestamp_seconds", "When the stream was last read and recorded."),
  );
  const failures = new Counter({
    ...named("stream_errors_total", "Runs in which the stream was not read or recorded."),
    labelNames: ["stream", "code"],
  });
  const duration = new Histogram({
    ...named("run_duration_seconds", "How long runs took."),
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  });

  const addSinks = (sinks: Readonly<Record<string, SinkFigures>>): void => {
    for (const [sink, figures] of Object.entries(sinks)) {
      accepted.inc({ sink }, figures.accepted);
      retried.inc({ sink }, 0);
      deadLettered.inc({ sink }, figures.deadLettered);
      pending.set({ sink }, figures.pending);
      failing.set({ sink }, figures.state === "healthy" ? 0 : 1);
      blocked.set({ sink }, figures.state === "blocked" ? 1 : 0);
    }
    oldest = Object.entries(sinks).map(([sink, { oldestPendingAt }]) => [
      sink,
      oldestPendingAt === null ? null : Date.parse(oldestPendingAt),
    ]);
  };

  const addStreams = (streams: RunFigures["streams"]): void => {
    // A stream that is no longer watched loses its gauges; its counters stay.
    unreadable.reset();
    for (const { key: stream, error, ...figures } of streams) {
      changes.inc({ stream }, figures.changes);
      unreadable.set({ stream }, figures.unreadable);
      if (error) failures.inc({ stream, code: error.code });
      else polled.set({ stream }, now() / 1_000);
    }
  };

  return {
    ran: ({ durationMs, streams, sinks }) => {
      duration.observe(durationMs / 1_000);
      addStreams(streams);
      addSinks(sinks);
    },
    retried: (sink) => retried.inc({ sink }),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
