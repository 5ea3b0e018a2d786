import { randomUUID } from "node:crypto";
import type { Dispatcher } from "undici";
import type { Environment } from "../aws/keys.ts";
import type { ActivityIndex } from "../checkpoint/activity.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { FleetConfig, SourceConfig } from "../config/schema.ts";
import type { Clock, Random } from "../core/clock.ts";
import { runId, type SinkName, type Stream, streamKey } from "../core/names.ts";
import type { DeadLetterFilter, DeadLetterStore } from "../delivery/dead-letters.ts";
import { type Redriven, redrive } from "../delivery/redrive.ts";
import type { ShardStream } from "../fleet/shard.ts";
import type { RunObserver } from "../run/observer.ts";
import { type Planned, runStreams } from "../run/run-streams.ts";
import type { RunContext, StreamPlan } from "../run/stream-run.ts";
import type { RunSummary, Unplanned } from "../run/summary.ts";
import type { Sink } from "../sinks/sink.ts";
import { type DmsSource, openDmsSource } from "../source/dms.ts";
import { taskEndpoint } from "../source/endpoints.ts";
import { keyGates } from "../source/key-gate.ts";
import type { TaskSource } from "../source/task-source.ts";
import type { Stores } from "../stores/stores.ts";
import { partError } from "../telemetry/defect.ts";
import type { Log } from "../telemetry/log.ts";
import { openOutlet } from "./sink-pipeline.ts";
import { openStores } from "./stores.ts";

export interface BridgeDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where AWS's own variables are, for a checkpoint and sinks on AWS; none where left out. */
  readonly environment?: Environment;
  /** Where requests to the API and to sinks over HTTP go; left out, each part opens connections of its own. */
  readonly dispatcher?: Dispatcher;
  /** In place of those that the configuration names; `close` leaves them open. */
  readonly stores?: Stores;
}

export interface WatchedStream extends ShardStream {
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
  /** The same over a shard of the streams; what the configuration does not watch is left out. */
  runShard(shard: readonly ShardStream[], signal: AbortSignal, observer: RunObserver): Promise<RunSummary>;
  /** All streams; those last found, and the failure, where the instances of a source cannot be listed now. */
  survey(signal: AbortSignal): Promise<Survey>;
  /**
   * Puts dead letters back into their streams' outboxes, in order, as many as their backlogs have room for; the next run
   * delivers them.
   * @throws StoreError
   */
  redrive(filter: DeadLetterFilter): Promise<Redriven>;
  readonly sinks: ReadonlyMap<SinkName, Sink>;
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  readonly activity: ActivityIndex;
  readonly fleet: FleetConfig;
  close(): Promise<void>;
}

export interface Survey {
  readonly streams: readonly WatchedStream[];
  readonly unplanned: readonly Unplanned[];
}

const discoveryMaxAgeMs = 5 * 60_000;

interface WatchedSource {
  readonly config: SourceConfig;
  readonly source: DmsSource;
  /** Of the API, as the events name their source. */
  readonly origin: string;
  /** What the last discovery found. */
  discovered: { readonly atMs: number; readonly streams: readonly WatchedStream[] } | null;
}

/**
 * Opens the stores, the source clients and the sinks that the configuration names.
 * @throws ConfigError, StoreError
 */
export async function openBridge(loaded: LoadedConfig, deps: BridgeDeps): Promise<Bridge> {
  const { config } = loaded;
  const stores = deps.stores ?? (await openStores(loaded, deps));
  const { checkpoints, deadLetters } = stores;
  const gates = keyGates(deps.clock);
  const listBudgetMs = config.delivery.timeBudget;
  const sources = config.sources.map(
    (config): WatchedSource => ({
      config,
      source: openDmsSource(config, { ...deps, gates, listBudgetMs }),
      origin: taskEndpoint(config).origin,
      discovered: null,
    }),
  );
  const outlets = new Map(
    Array.from(loaded.sinks, ([name, sink]) => [
      name,
      openOutlet(name, sink, config.delivery, { ...deps, folder: loaded.folder }),
    ]),
  );
  const sinks = mapValues(outlets, ({ sink }) => sink);
  const policies = mapValues(outlets, ({ policy }) => policy);
  const filters = mapValues(outlets, ({ matches }) => matches);

  const watchedBy = new Map<TaskSource, WatchedSource>(sources.map((watched) => [watched.source, watched]));

  /** Made when a stream is first run, and kept as long as its discovery is: a planner of a fleet runs none. */
  const plans = new WeakMap<WatchedStream, StreamPlan>();

  const planOf = (watchedStream: WatchedStream): readonly StreamPlan[] => {
    const { stream, name, source } = watchedStream;
    const made = plans.get(watchedStream);
    if (made) return [made];
    const watched = watchedBy.get(source);
    if (!watched) return [];
    const { startFrom, lookback, maxOpenAge, overdue } = watched.config;
    const instance = `/v2/${encodeURIComponent(stream.projectId)}/instances/${encodeURIComponent(stream.instanceId)}`;
    const plan: StreamPlan = {
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
        context: { stream, source: `${watched.origin}${instance}`, instanceName: name },
      },
    };
    plans.set(watchedStream, plan);
    return [plan];
  };

  const survey = async (signal: AbortSignal): Promise<Survey> => {
    const found = await Promise.all(
      sources.map(async (watched): Promise<Survey> => {
        try {
          return { streams: await discover(watched, deps.clock, signal), unplanned: [] };
        } catch (error) {
          const { engine, region, projectId } = watched.config;
          const key = `${engine}/${region}/${projectId}/*`;
          const failed = { key, error: partError(deps.log, { stream: key }, error) };
          return { streams: watched.discovered?.streams ?? [], unplanned: [failed] };
        }
      }),
    );
    return {
      streams: found.flatMap(({ streams }) => streams),
      unplanned: found.flatMap(({ unplanned }) => unplanned),
    };
  };

  const runOver = (found: Survey, signal: AbortSignal, observer: RunObserver): Promise<RunSummary> => {
    const context: RunContext = {
      ...deps,
      run: runId(randomUUID()),
      timeBudgetMs: config.delivery.timeBudget,
      checkpoints,
      deadLetters,
      observer,
      dispatchers: mapValues(outlets, ({ dispatcher }) => dispatcher()),
    };
    const planned = { plans: found.streams.flatMap(planOf), unplanned: found.unplanned };
    return runStreams([inOneGo(planned)], context, { signal });
  };

  return {
    sinks,
    checkpoints,
    deadLetters,
    streams: async (signal) =>
      (await Promise.all(sources.map((watched) => discover(watched, deps.clock, signal)))).flat(),
    run: async (signal, observer) => runOver(await survey(signal), signal, observer),
    runShard: (shard, signal, observer) => {
      const streams = shard.flatMap(({ stream, name }) => {
        const watched = sources.find(({ config }) => isWatched(config, stream));
        return watched ? [{ stream, name, source: watched.source }] : [];
      });
      return runOver({ streams, unplanned: [] }, signal, observer);
    },
    survey,
    activity: stores.activity,
    fleet: config.fleet,
    redrive: (filter) =>
      redrive(
        {
          checkpoints,
          deadLetters,
          sinks: new Set(sinks.keys()),
          maxBacklog: config.delivery.maxBacklog,
          clock: deps.clock,
        },
        filter,
      ),
    close: async () => {
      await Promise.all(
        [...sinks.values(), ...sources.map(({ source }) => source)].map((part) => part.close()),
      );
      if (!deps.stores) await Promise.all([checkpoints.close(), deadLetters.close()]);
    },
  };
}

const mapValues = <Key, From, To>(
  map: ReadonlyMap<Key, From>,
  of: (value: From) => To,
): ReadonlyMap<Key, To> => new Map(Array.from(map, ([key, value]) => [key, of(value)]));

async function* inOneGo(planned: Planned): AsyncGenerator<Planned> {
  yield planned;
}

const isWatched = (source: SourceConfig, { engine, region, projectId, instanceId }: Stream): boolean =>
  source.engine === engine &&
  source.region === region &&
  source.projectId === projectId &&
  (source.instances === "all" || source.instances.includes(instanceId));

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
