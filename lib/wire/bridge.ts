import { randomUUID } from "node:crypto";
import type { Writable } from "node:stream";
import type { Dispatcher } from "undici";
import type { ActivityIndex } from "../checkpoint/activity.ts";
import type { ParkedStore } from "../checkpoint/parked.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { FleetConfig } from "../config/schema.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import { runId, type SinkName, type StreamKey, streamKey } from "../core/names.ts";
import { deadLetterAge } from "../delivery/dead-letter-age.ts";
import type { DeadLetterFilter, DeadLetterStore } from "../delivery/dead-letters.ts";
import type { ShutdownSignals } from "../delivery/lingering.ts";
import { type Redriven, redrive } from "../delivery/redrive.ts";
import type { ShardStream } from "../fleet/shard.ts";
import type { Journal } from "../journal/journal.ts";
import type { RunContext } from "../run/plan.ts";
import { inOneGo, type RunOptions, runStreams, type StreamFeed } from "../run/run-streams.ts";
import { type FailedSource, type RunSummary, withAfterwork } from "../run/summary.ts";
import type { Sink } from "../sinks/sink.ts";
import { isWatched, openDiscovery, type WatchedStream } from "../source/discovery.ts";
import { openDmsSource } from "../source/dms.ts";
import { keyGates } from "../source/key-gate.ts";
import { trackBusy } from "../stores/busy-records.ts";
import { closeStores, type Stores } from "../stores/stores.ts";
import type { Log } from "../telemetry/log.ts";
import { callSignal } from "./call-signal.ts";
import { warnOfCutTemplates } from "./cut-templates.ts";
import { followRules } from "./follow-rules.ts";
import { openHeartbeat } from "./heartbeat.ts";
import { journalLosses, journalUpkeep } from "./journal-upkeep.ts";
import { type BridgeObserver, observeAll } from "./observer.ts";
import { openReplays, type Replays } from "./replay.ts";
import { allListings, servedStreams } from "./served.ts";
import { openSinkPipeline } from "./sink-pipeline.ts";
import { openStores, openStoresToRead } from "./stores.ts";
import { streamPlans } from "./stream-plan.ts";
import { unlistedStreams } from "./unlisted.ts";
import { namedIn, wakes } from "./wakes.ts";

/** When a run's time is over. */
export type RunTime = Pick<RunOptions, "nextMs" | "followForMs">;

/** Injected parts of a bridge. */
export interface BridgeDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** AWS's variables, for checkpoints and sinks on AWS. @default none */
  readonly environment?: Environment;
  /** Used for requests to the API and to HTTP sinks. @default each part opens its own connections */
  readonly dispatcher?: Dispatcher;
  /** Where sinks of type `console` print events. @default stdout */
  readonly output?: Writable;
  /** Used instead of the configured stores; `close` leaves them open. @default the configured stores */
  readonly stores?: Stores;
  /** Sees every step of every run. @default none */
  readonly observer?: BridgeObserver;
  /** Shutdown signals of the process; attempts in flight get a short grace period. @default none */
  readonly shutdown?: ShutdownSignals;
  /** Processes that run at once and share the budget of their access keys. @default 1 */
  readonly containers?: number;
  /** Whether to read only: a run stores nothing and sends nothing. @default false */
  readonly isRehearsal?: boolean;
}

/** The assembled bridge, as used by the command line and the functions. */
export interface Bridge {
  /**
   * Runs all streams, and unwatched streams with pending deliveries. Never rejects for a failing stream or sink: the
   * summary reports it. A signal that aborts starts nothing new; without one it runs to its end.
   */
  run(signal?: AbortSignal, observer?: BridgeObserver, time?: RunTime): Promise<RunSummary>;
  /**
   * Runs a shard of the streams. Streams that the configuration does not watch only get their pending deliveries sent.
   */
  runShard(
    shard: readonly ShardStream[],
    signal?: AbortSignal,
    observer?: BridgeObserver,
    time?: RunTime,
  ): Promise<RunSummary>;
  /**
   * Runs the streams whose instances an event names, anywhere in it and in whatever shape; all streams when it names
   * none that is watched. Repeats within five seconds share one run. The heartbeat does not count it.
   */
  wake(event: unknown, signal?: AbortSignal, observer?: BridgeObserver, time?: RunTime): Promise<RunSummary>;
  /** Discovers all streams. If a source cannot be listed, it returns the last known streams and the failure. */
  discover(signal?: AbortSignal): Promise<DiscoveredStreams>;
  /**
   * Returns dead letters to their streams' outboxes, in order, as far as there is room; the next run delivers them.
   * @throws StoreError
   */
  redrive(filter: DeadLetterFilter): Promise<Redriven>;
  readonly replays: Replays;
  readonly sinks: ReadonlyMap<SinkName, Sink>;
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  readonly parked: ParkedStore;
  readonly activity: ActivityIndex;
  /** Null when it is off. */
  readonly journal: Journal | null;
  readonly fleet: FleetConfig;
  close(): Promise<void>;
}

/** Result of a discovery. */
export interface DiscoveredStreams {
  readonly streams: readonly WatchedStream[];
  /** Whether some source was never listed. */
  readonly isPartial: boolean;
  readonly failedSources: readonly FailedSource[];
  /** Of these records, by activity, the streams to run that are in no list of instances. */
  unlisted(records: ReadonlyMap<StreamKey, number>): readonly ShardStream[];
}

/**
 * Opens the stores, sources and sinks of a configuration.
 * @throws ConfigError, StoreError
 */
export async function openBridge(loaded: LoadedConfig, deps: BridgeDeps): Promise<Bridge> {
  const { config } = loaded;
  const { clock, log } = deps;
  await warnOfCutTemplates(loaded, log);
  const losses = journalLosses({ clock, log });
  const opened = deps.stores ?? (await openConfigured(loaded, { ...deps, journalFailed: losses.failed }));
  const stores = trackBusy(opened, clock);
  const { checkpoints, deadLetters, parked, activity, journal } = stores;
  const { keep: keepMs, maxEvents } = config.journal;
  const keepJournal = journal && journalUpkeep({ journal, limits: { keepMs, maxEvents }, clock, log });
  const gates = keyGates(clock);
  const requested = deps.observer?.requested && { requested: deps.observer.requested };
  const listBudgetMs = config.delivery.timeBudget;
  const discoveries = config.sources.map((source) =>
    openDiscovery(source, openDmsSource(source, { ...deps, ...requested, gates, listBudgetMs }), clock),
  );
  const pipelines = new Map(
    Array.from(loaded.sinks, ([name, sink]) => [
      name,
      openSinkPipeline(name, sink, config.delivery, { ...deps, folder: loaded.folder }),
    ]),
  );
  const sinks = mapValues(pipelines, ({ sink }) => sink);
  const room = { maxBacklog: config.delivery.maxBacklog, maxBytes: stores.roomBytes };
  const plans = streamPlans({
    policies: mapValues(pipelines, ({ policy }) => policy),
    filters: mapValues(pipelines, ({ matches }) => matches),
    ...room,
    follow: followRules(config.polling, deps),
    traced: config.events.traceparent,
  });

  const expireDeadLetters = deadLetterAge({
    deadLetters,
    log,
    maxAgeMs: config.delivery.deadLetterMaxAge,
  });

  const heartbeat = config.heartbeat ? openHeartbeat(config.heartbeat, deps) : null;

  const clockSkewMs = (): number | null => {
    const skews = discoveries.flatMap(({ source }) => source.clockSkewMs ?? []);
    return skews.length === 0 ? null : Math.min(...skews);
  };

  const runOver = async (
    feed: StreamFeed,
    signal: AbortSignal,
    observer: BridgeObserver = {},
    time: RunTime = {},
  ): Promise<RunSummary> => {
    const all = deps.observer ? observeAll([deps.observer, observer]) : observer;
    const context: RunContext = {
      ...deps,
      run: runId(randomUUID()),
      timeBudgetMs: config.delivery.timeBudget,
      checkpoints,
      deadLetters,
      parked,
      isJournaled: journal !== null,
      observer: all,
      clockSkewMs,
      dispatchers: deps.isRehearsal ? new Map() : mapValues(pipelines, ({ dispatcher }) => dispatcher()),
    };
    const startedMs = clock.now();
    const ended = await runStreams(feed, context, { signal, ...time });
    const skewMs = clockSkewMs();
    // Start of the run, corrected if this clock is ahead of any API's.
    const confirmedMs = skewMs === null ? null : startedMs + Math.min(0, skewMs);
    const run = { nowMs: confirmedMs, isIdle: isIdle(ended) };
    if (keepJournal) await keepJournal(run);
    const summary = withAfterwork(ended, await expireDeadLetters(run), losses.take());
    all.ran?.(summary);
    return summary;
  };

  /** Tells the heartbeat of a run; not of a wake's, which would hide that the timer has stopped. */
  const counted = async (run: Promise<RunSummary>): Promise<RunSummary> => {
    const summary = await run;
    if (heartbeat && !deps.isRehearsal) await heartbeat.ran(summary);
    return summary;
  };

  const wakeOnce = wakes<RunSummary>(clock);
  const runAll = (signal: AbortSignal, observer?: BridgeObserver, time?: RunTime): Promise<RunSummary> =>
    runOver(servedStreams({ discoveries, stores, plans, clock, log }, signal), signal, observer, time);

  return {
    sinks,
    checkpoints,
    deadLetters,
    parked,
    activity,
    journal,
    fleet: config.fleet,
    run: async (signal, ...rest) => counted(runAll(callSignal(signal), ...rest)),
    wake: async (event, given, observer, time) => {
      const signal = callSignal(given);
      const named = (await allListings(discoveries, log, signal)).flatMap(({ discovery, listed }) =>
        namedIn(event, (listed ?? discovery.last)?.streams ?? []).map((stream) =>
          plans.ofWatched(stream, discovery),
        ),
      );
      return wakeOnce(
        named.map(({ rules }) => rules.stream),
        () =>
          named.length === 0
            ? runAll(signal, observer, time)
            : runOver(inOneGo(named), signal, observer, time),
      );
    },
    runShard: async (shard, signal, observer, time) => {
      const planned = shard.map(({ stream, owes, absentMs, ...rest }) => {
        // Another process, such as a redrive, changed the record; drop the one in memory.
        if (owes) checkpoints.doubt?.(streamKey(stream));
        const from = discoveries.find((discovery) => isWatched(discovery.config, stream)) ?? null;
        return plans.ofUnlisted({ stream, from, absentMs, ...rest });
      });
      return counted(runOver(inOneGo(planned), callSignal(signal), observer, time));
    },
    discover: async (signal) => {
      const listings = await allListings(discoveries, log, callSignal(signal));
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
    replays: openReplays({ pipelines, stores, discoveries, plans, losses, clock, log }),
    redrive: (filter) =>
      redrive({ checkpoints, deadLetters, sinks: new Set(sinks.keys()), ...room, clock }, filter),
    close: async () => {
      await Promise.all(
        [
          ...sinks.values(),
          ...discoveries.map(({ source }) => source),
          ...(heartbeat ? [heartbeat] : []),
        ].map((part) => part.close()),
      );
      if (!deps.stores) await closeStores(stores);
    },
  };
}

async function openConfigured(
  loaded: LoadedConfig,
  deps: BridgeDeps & Parameters<typeof openStores>[1],
): Promise<Stores> {
  if (!deps.isRehearsal) return openStores(loaded, deps);
  const { rehearsalStores } = await import("../stores/rehearsal.ts");
  return rehearsalStores(await openStoresToRead(loaded, deps));
}

/** Whether a run neither emitted nor tried to deliver anything. */
const isIdle = ({ streams, sinks }: RunSummary): boolean =>
  streams.every(({ changes }) => changes === 0) &&
  Object.values(sinks).every(
    ({ accepted, pending, deadLettered }) => accepted + pending + deadLettered === 0,
  );

const mapValues = <Key, From, To>(
  map: ReadonlyMap<Key, From>,
  of: (value: From) => To,
): ReadonlyMap<Key, To> => new Map(Array.from(map, ([key, value]) => [key, of(value)]));
