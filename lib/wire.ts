import { randomUUID } from "node:crypto";
import path from "node:path";
import type { Environment } from "./aws/keys.ts";
import type { RunContext, StreamPlan } from "./bridge.ts";
import type { CheckpointStore } from "./checkpoint/store.ts";
import type { Clock, Random } from "./clock.ts";
import type { LoadedConfig, LoadedSink } from "./config/load.ts";
import type { DeliveryConfig, SourceConfig } from "./config/schema.ts";
import { Channel } from "./delivery/channel.ts";
import type { DeadLetterFilter, DeadLetterStore } from "./delivery/dead-letters.ts";
import { compileFilter } from "./delivery/filter.ts";
import { redrive } from "./delivery/redrive.ts";
import type { RetryPolicy } from "./delivery/retry.ts";
import { SourceError } from "./errors.ts";
import { runId, type SinkName, type Stream, streamKey } from "./names.ts";
import type { RunObserver } from "./observer.ts";
import { type RunSummary, runStreams, type Unplanned } from "./run.ts";
import type { Sink } from "./sinks/sink.ts";
import { type DmsSource, openDmsSource } from "./source/dms.ts";
import { taskEndpoint } from "./source/endpoints.ts";
import type { TaskSource } from "./source/task-source.ts";
import type { Stores } from "./stores/stores.ts";
import type { Log } from "./telemetry/log.ts";

export interface BridgeDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where AWS's own variables are, for a checkpoint and sinks on AWS; none where left out. */
  readonly environment?: Environment;
}

export interface WatchedStream {
  readonly stream: Stream;
  /** The instance's own name, where the API told it. */
  readonly name: string | null;
  readonly source: TaskSource;
}

/** The bridge with its concrete parts, as the command line and the functions use it. */
export interface Bridge {
  /**
   * The streams that the configuration names or discovers.
   * @throws SourceError
   */
  streams(signal: AbortSignal): Promise<readonly WatchedStream[]>;
  /** One run over all streams. Never rejects for a stream or a sink that fails: the summary says so. */
  run(signal: AbortSignal, observer: RunObserver): Promise<RunSummary>;
  /**
   * Puts dead letters back into their streams' outboxes, in order; the next run delivers them. Returns how many.
   * @throws StoreError
   */
  redrive(filter: DeadLetterFilter): Promise<number>;
  readonly sinks: ReadonlyMap<SinkName, Sink>;
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  close(): Promise<void>;
}

const discoveryMaxAgeMs = 5 * 60_000;

interface WatchedSource {
  readonly config: SourceConfig;
  readonly source: DmsSource;
  /** What the last discovery found. */
  discovered: { readonly atMs: number; readonly streams: readonly WatchedStream[] } | null;
}

/**
 * Opens the stores, the source clients and the sinks that the configuration names.
 * @throws ConfigError, StoreError
 */
export async function openBridge(loaded: LoadedConfig, deps: BridgeDeps): Promise<Bridge> {
  const { config } = loaded;
  const { checkpoints, deadLetters } = await openStores(loaded, deps);
  const sources = config.sources.map(
    (source): WatchedSource => ({ config: source, source: openDmsSource(source, deps), discovered: null }),
  );
  const sinks = new Map(
    Array.from(loaded.sinks, ([name, { module, options }]) => [
      name,
      module.create(name, options, { ...deps, folder: loaded.folder, environment: deps.environment ?? {} }),
    ]),
  );
  const policies = new Map(
    Array.from(loaded.sinks, ([name, sink]) => [name, policyOf(sink, config.delivery)]),
  );
  const filters = new Map(
    Array.from(loaded.sinks, ([name, { common }]) => {
      const filter = common.filter && compileFilter(common.filter, `sinks.${name}.filter`);
      return [
        name,
        (event: Parameters<NonNullable<typeof filter>["matches"]>[0]) => filter?.matches(event) ?? true,
      ];
    }),
  );
  const proven = new Set<TaskSource>();

  const planOf = (watched: WatchedSource, { stream, name, source }: WatchedStream): StreamPlan => {
    const { startFrom, lookback, maxOpenAge, overdue } = watched.config;
    const instance = `/v2/${encodeURIComponent(stream.projectId)}/instances/${encodeURIComponent(stream.instanceId)}`;
    return {
      stream,
      source,
      startFrom,
      overdueAfterMs: (task) => (Object.hasOwn(overdue, task) ? overdue[task] : overdue["*"]) ?? null,
      rules: {
        stream: streamKey(stream),
        lookbackMs: lookback,
        maxOpenAgeMs: maxOpenAge,
        maxBacklog: config.delivery.maxBacklog,
        policies,
        filters,
        context: { stream, source: `${taskEndpoint(watched.config).origin}${instance}`, instanceName: name },
      },
    };
  };

  return {
    sinks,
    checkpoints,
    deadLetters,
    streams: async (signal) =>
      (await Promise.all(sources.map((watched) => discover(watched, deps.clock, signal)))).flat(),
    run: async (signal, observer) => {
      const plans: StreamPlan[] = [];
      const unplanned: Unplanned[] = [];
      await Promise.all(
        sources.map(async (watched) => {
          try {
            const streams = await discover(watched, deps.clock, signal);
            plans.push(...streams.map((stream) => planOf(watched, stream)));
          } catch (error) {
            if (!(error instanceof SourceError)) throw error;
            const { engine, region, projectId } = watched.config;
            unplanned.push({ key: `${engine}/${region}/${projectId}/*`, error });
          }
        }),
      );
      const context: RunContext = {
        ...deps,
        run: runId(randomUUID()),
        timeBudgetMs: config.delivery.timeBudget,
        checkpoints,
        deadLetters,
        observer,
        channels: openChannels(loaded, sinks, policies, deps.clock),
      };
      return runStreams(plans, unplanned, proven, context, { signal });
    },
    redrive: (filter) =>
      redrive({ checkpoints, deadLetters, sinks: new Set(sinks.keys()), clock: deps.clock }, filter),
    close: async () => {
      await Promise.all(
        [...sinks.values(), ...sources.map(({ source }) => source)].map((part) => part.close()),
      );
      await Promise.all([checkpoints.close(), deadLetters.close()]);
    },
  };
}

/** Only what the chosen store needs is loaded: the start of a function is paid by every run of a new container. */
async function openStores(
  { config, folder }: LoadedConfig,
  { clock, random, environment = {} }: BridgeDeps,
): Promise<Stores> {
  const { checkpoint } = config;
  switch (checkpoint.type) {
    case "memory": {
      const { memoryStores } = await import("./stores/memory.ts");
      return memoryStores();
    }
    case "file": {
      const { fileStores } = await import("./stores/file.ts");
      return fileStores(path.resolve(folder, checkpoint.path));
    }
    case "dynamodb": {
      const { dynamodbStores } = await import("./stores/dynamodb.ts");
      return dynamodbStores(checkpoint, { environment, clock, random });
    }
    default:
      return checkpoint satisfies never;
  }
}

const policyOf = ({ common: { retry } }: LoadedSink, delivery: DeliveryConfig): RetryPolicy => ({
  attemptsPerRun: retry.attemptsPerRun,
  initialDelayMs: retry.initialDelay,
  maxDelayMs: retry.maxDelay,
  maxRetryAfterMs: retry.maxRetryAfter,
  maxAttempts: retry.maxAttempts ?? delivery.maxAttempts ?? null,
  maxAgeMs: retry.maxAge ?? delivery.maxAge,
});

/** New for each run: whether a sink is well is asked anew, and what the record says of it is recalled. */
function openChannels(
  { config, sinks: loaded }: LoadedConfig,
  sinks: ReadonlyMap<SinkName, Sink>,
  policies: ReadonlyMap<SinkName, RetryPolicy>,
  clock: Clock,
): ReadonlyMap<SinkName, Channel> {
  const channels = new Map<SinkName, Channel>();
  for (const [name, sink] of sinks) {
    const policy = policies.get(name);
    const rate = loaded.get(name)?.common.rate;
    if (!policy) continue;
    channels.set(
      name,
      new Channel({
        sink,
        policy,
        clock,
        concurrency: config.delivery.concurrency,
        rate: rate ? { events: rate.events, perMs: rate.per } : null,
      }),
    );
  }
  return channels;
}

/** The source's streams; a discovery is believed for five minutes. */
async function discover(
  watched: WatchedSource,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly WatchedStream[]> {
  const nowMs = clock.now();
  if (watched.discovered && nowMs - watched.discovered.atMs < discoveryMaxAgeMs)
    return watched.discovered.streams;
  const { source, config } = watched;
  const { engine, region, projectId } = config;
  const instances = await source.instances({ signal });
  const streams = instances.map(({ id, name }) => ({
    stream: { engine, region, projectId, instanceId: id },
    name,
    source,
  }));
  watched.discovered = { atMs: nowMs, streams };
  return streams;
}
