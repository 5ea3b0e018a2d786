import { DiagLogLevel, diag } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import {
  type IMetricReader,
  MeterProvider,
  MetricReader,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  RandomIdGenerator,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../telemetry/log.ts";
import { type BridgeObserver, observeAll } from "../wire/observer.ts";
import { bridgeMetrics } from "./metrics.ts";
import { signalsIn } from "./signals.ts";
import { bridgeTraces, chosenIds } from "./traces.ts";

const scope = "dms-task-bridge";
/** Longest wait for the last export, milliseconds: telemetry must not hold up a process. */
const flushMs = 2_000;
const exportIntervalMs = 60_000;
/** Series of one metric. The SDK's 2,000 would merge the streams of a larger project. */
const maxSeries = 100_000;

/** Metrics and traces of a process. */
export interface OpenTelemetry {
  readonly observer: BridgeObserver;
  /** Metrics in Prometheus's text format. */
  prometheusText(): Promise<string>;
  /** Exports what is not exported yet, for two seconds at most. Never rejects. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Parts that telemetry needs. */
export interface OpenTelemetryDeps {
  /** Holds the `OTEL_` variables. The exporters read endpoint, headers, time limit and certificates from the process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Opens OpenTelemetry's SDK. Metrics are always kept, for Prometheus; the variables say what is exported over OTLP. */
export function openTelemetry({ environment, clock, log }: OpenTelemetryDeps): OpenTelemetry {
  diag.setLogger(
    {
      error: (problem) => log("warn", "telemetry was not exported", { problem: problemOf(problem) }),
      warn: (problem) => log("warn", "telemetry is configured wrongly", { problem: problemOf(problem) }),
      info: () => {},
      debug: () => {},
      verbose: () => {},
    },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const signals = signalsIn(environment);
  const resource = resourceFromAttributes({ "service.name": scope }).merge(
    detectResources({ detectors: [envDetector] }),
  );
  const scraped = new ScrapedReader({ cardinalitySelector: () => maxSeries });
  const meters = new MeterProvider({
    resource,
    readers: signals.metrics ? [scraped, pushed(environment)] : [scraped],
  });
  const observers = [bridgeMetrics(meters.getMeter(scope), clock.now)];
  const traces = signals.traces ? openTraces(resource, environment, clock) : null;
  if (traces) observers.push(traces.observer);
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  const providers = [meters, ...(traces ? [traces.provider] : [])];

  /** Waits for all, but not for long. Other failures are logged by the SDK. */
  const inTime = async (work: readonly Promise<void>[]): Promise<void> => {
    const over = new AbortController();
    const late = clock.sleep(flushMs, over.signal).then(() => {
      if (!over.signal.aborted)
        log("warn", "telemetry was not exported", { problem: `no answer in ${flushMs} ms` });
    });
    await Promise.race([Promise.allSettled(work), late]);
    over.abort(null);
  };
  return {
    observer: observeAll(observers),
    prometheusText: async () => serializer.serialize((await scraped.collect()).resourceMetrics),
    flush: () => inTime(providers.map((provider) => provider.forceFlush())),
    close: () => inTime(providers.map((provider) => provider.shutdown())),
  };
}

/** Collects metrics when Prometheus asks for them. */
class ScrapedReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

function pushed({ OTEL_METRIC_EXPORT_INTERVAL: interval }: OpenTelemetryDeps["environment"]): IMetricReader {
  return new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(),
    exportIntervalMillis: Number(interval) > 0 ? Number(interval) : exportIntervalMs,
    exportTimeoutMillis: Math.min(exportIntervalMs, Number(interval) || exportIntervalMs),
    cardinalityLimits: { default: maxSeries },
  });
}

function openTraces(resource: Resource, environment: OpenTelemetryDeps["environment"], { now }: Clock) {
  const ids = chosenIds(new RandomIdGenerator());
  const provider = new TracerProvider({
    resource,
    idGenerator: ids,
    sampler: samplerIn(environment),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  return { provider, observer: bridgeTraces(provider.getTracer(scope), ids, now) };
}

/**
 * Chooses the sampler. `parentbased_` makes no difference: an event's trace has the same id in every process, so the
 * ratio decides alike for all of its spans.
 */
function samplerIn(environment: OpenTelemetryDeps["environment"]): Sampler {
  const ratio = Number(environment["OTEL_TRACES_SAMPLER_ARG"] || 1);
  switch (environment["OTEL_TRACES_SAMPLER"]?.replace("parentbased_", "")) {
    case "always_off":
      return new AlwaysOffSampler();
    case "traceidratio":
      return new TraceIdRatioBasedSampler(ratio);
    default:
      return new AlwaysOnSampler();
  }
}

const maxProblem = 300;
const problemOf = (problem: unknown): string => String(problem).slice(0, maxProblem);
