import { randomUUID } from "node:crypto";
import type { Dispatcher } from "undici";
import type { Environment } from "../aws/keys.ts";
import type { ActivityIndex } from "../checkpoint/activity.ts";
import type { ParkedStore } from "../checkpoint/parked.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { FleetConfig } from "../config/schema.ts";
import type { Clock, Random } from "../core/clock.ts";
import { runId, type SinkName, type StreamKey, streamKey } from "../core/names.ts";
import { deadLetterAge } from "../delivery/dead-letter-age.ts";
import type { DeadLetterFilter, DeadLetterStore } from "../delivery/dead-letters.ts";
import type { Telling } from "../delivery/lingering.ts";
import { type Redriven, redrive } from "../delivery/redrive.ts";
import type { ShardStream } from "../fleet/shard.ts";
import { type RunObserver, unobserved } from "../run/observer.ts";
import type { RunContext } from "../run/plan.ts";
import { type Planned, type RunOptions, runStreams } from "../run/run-streams.ts";
import { type FailedSource, type RunSummary, withExpired } from "../run/summary.ts";
import type { Sink } from "../sinks/sink.ts";
import { isWatched, openDiscovery, type WatchedStream } from "../source/discovery.ts";
import { openDmsSource } from "../source/dms.ts";
import { keyGates } from "../source/key-gate.ts";
import { trackBusy } from "../stores/busy-records.ts";
import type { Stores } from "../stores/stores.ts";
import type { Log } from "../telemetry/log.ts";
import { warnOfCutTemplates } from "./cut-templates.ts";
import { allListings, servedStreams } from "./served.ts";
import { openSinkPipeline } from "./sink-pipeline.ts";
import { openStores } from "./stores.ts";
import { streamPlans } from "./stream-plan.ts";
import { unlistedStreams } from "./unlisted.ts";

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
  /** Where a run ends because its process is told to: attempts under way get a moment then. */
  readonly telling?: Telling;
}

/** The bridge with its concrete parts, as the command line and the functions use it. */
export interface Bridge {
  /**
   * One run over all streams, and over those that are no longer watched and still owe a delivery. Never rejects for a
   * stream or a sink that fails: the summary says so.
   */
  run(signal: AbortSignal, observer?: RunObserver, next?: Pick<RunOptions, "nextMs">): Promise<RunSummary>;
  /** The same over a shard of the streams; what the configuration does not watch only has its deliveries made. */
  runShard(shard: readonly ShardStream[], signal: AbortSignal, observer?: RunObserver): Promise<RunSummary>;
  /** All streams; those last found, and the failure, where the instances of a source cannot be listed now. */
  discover(signal: AbortSignal): Promise<DiscoveredStreams>;
  /**
   * Puts dead letters back into their streams' outboxes, in order, as many as their backlogs have room for; the next run
   * delivers them.
   * @throws StoreError
   */
  redrive(filter: DeadLetterFilter): Promise<Redriven>;
  readonly sinks: ReadonlyMap<SinkName, Sink>;
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  readonly parked: ParkedStore;
  readonly activity: ActivityIndex;
  readonly fleet: FleetConfig;
  close(): Promise<void>;
}

export interface DiscoveredStreams {
  readonly streams: readonly WatchedStream[];
  /** Whether a source's instances were never listed. */
  readonly isPartial: boolean;
  readonly failedSources: readonly FailedSource[];
  /** Of these records, by their activity, the streams to serve that no list of instances has. */
  unlisted(records: ReadonlyMap<StreamKey, number>): readonly ShardStream[];
}

/**
 * Opens the stores, the source clients and the sinks that the configuration names.
 * @throws ConfigError, StoreError
 */
export async function openBridge(loaded: LoadedConfig, deps: BridgeDeps): Promise<Bridge> {
  const { config } = loaded;
  const { clock, log } = deps;
  await warnOfCutTemplates(loaded, log);
  const stores = trackBusy(deps.stores ?? (await openStores(loaded, deps)), clock);
  const { checkpoints, deadLetters, parked, activity } = stores;
  const gates = keyGates(clock);
  const listBudgetMs = config.delivery.timeBudget;
  const discoveries = config.sources.map((source) =>
    openDiscovery(source, openDmsSource(source, { ...deps, gates, listBudgetMs }), clock),
  );
  const pipelines = new Map(
    Array.from(loaded.sinks, ([name, sink]) => [
      name,
      openSinkPipeline(name, sink, config.delivery, { ...deps, folder: loaded.folder }),
    ]),
  );
  const sinks = mapValues(pipelines, ({ sink }) => sink);
  const { maxBacklog } = config.delivery;
  const plans = streamPlans({
    policies: mapValues(pipelines, ({ policy }) => policy),
    filters: mapValues(pipelines, ({ matches }) => matches),
    maxBacklog,
  });

  const expireLetters = deadLetterAge({
    deadLetters,
    log,
    maxAgeMs: config.delivery.deadLetterMaxAge,
  });

  const runOver = async (
    feeds: readonly AsyncIterable<Planned>[],
    signal: AbortSignal,
    observer: RunObserver = unobserved,
    next: Pick<RunOptions, "nextMs"> = {},
  ): Promise<RunSummary> => {
    const context: RunContext = {
      ...deps,
      run: runId(randomUUID()),
      timeBudgetMs: config.delivery.timeBudget,
      checkpoints,
      deadLetters,
      parked,
      observer,
      dispatchers: mapValues(pipelines, ({ dispatcher }) => dispatcher()),
    };
    const summary = await runStreams(feeds, context, { signal, ...next });
    const skews = discoveries.flatMap(({ source }) => source.clockSkewMs ?? []);
    // When the run began, less what our clock is ahead of any API's.
    const confirmedMs = skews.length === 0 ? null : Date.parse(summary.startedAt) + Math.min(0, ...skews);
    return withExpired(summary, await expireLetters(confirmedMs));
  };

  return {
    sinks,
    checkpoints,
    deadLetters,
    parked,
    activity,
    fleet: config.fleet,
    run: (signal, observer, next) =>
      runOver(servedStreams({ discoveries, stores, plans, clock, log }, signal), signal, observer, next),
    runShard: (shard, signal, observer) => {
      const planned = shard.map(({ stream, owes, absentMs, ...told }) => {
        // A redrive, say, of which a record in memory knows nothing.
        if (owes) checkpoints.doubt?.(streamKey(stream));
        const from = discoveries.find((discovery) => isWatched(discovery.config, stream)) ?? null;
        return plans.ofUnlisted({ stream, from, absentMs, ...told });
      });
      return runOver([inOneGo({ plans: planned, failedSources: [] })], signal, observer);
    },
    discover: async (signal) => {
      const listings = await allListings(discoveries, log, signal);
      return {
        streams: listings.flatMap(({ discovery, listed }) => (listed ?? discovery.last)?.streams ?? []),
        isPartial: listings.some(({ discovery, listed }) => !listed && !discovery.last),
        failedSources: listings.flatMap(({ error }) => error ?? []),
        unlisted: (records) =>
          unlistedStreams(records, listings).map(({ stream, absentMs }) => ({
            stream,
            name: null,
            absentMs,
          })),
      };
    },
    redrive: (filter) =>
      redrive({ checkpoints, deadLetters, sinks: new Set(sinks.keys()), maxBacklog, clock }, filter),
    close: async () => {
      await Promise.all(
        [...sinks.values(), ...discoveries.map(({ source }) => source)].map((part) => part.close()),
      );
      if (!deps.stores) await Promise.all([checkpoints.close(), deadLetters.close(), parked.close()]);
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
