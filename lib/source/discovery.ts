import type { SourceConfig } from "../config/schema.ts";
import { type Clock, isWithin } from "../core/clock.ts";
import type { Stream } from "../core/names.ts";
import type { DmsSource } from "./dms.ts";
import type { Instance } from "./instances.ts";
import type { TaskSource } from "./task-source.ts";

/** A stream to watch. */
export interface WatchedStream {
  readonly stream: Stream;
  /** The instance's name, if the API returned it. */
  readonly name: string | null;
  /**
   * For a new instance, when a list last lacked it, or it was created, or the first list had it, epoch milliseconds:
   * its tasks since then are emitted. Otherwise omitted.
   */
  readonly sinceMs?: number | undefined;
  readonly source: TaskSource;
}

/** Result of one listing of a source's instances. */
export interface ListedStreams {
  readonly streams: readonly WatchedStream[];
  /** When it was requested, epoch milliseconds. */
  readonly atMs: number;
  /** Whether the listing is complete, so that an instance missing from it does not exist. */
  readonly isWhole: boolean;
}

/** Instances of one configured source: those it names, or all in its project. */
export interface Discovery {
  readonly config: SourceConfig;
  readonly source: DmsSource;
  /** The last listing, of any age; null before the first. */
  readonly last: ListedStreams | null;
  /** The last listing while it is younger than five minutes; otherwise null. */
  readonly fresh: ListedStreams | null;
  /**
   * Returns the source's streams: the fresh listing, or a new one.
   * @throws SourceError
   */
  list(signal: AbortSignal): Promise<ListedStreams>;
}

const maxAgeMs = 5 * 60_000;
/**
 * How long an instance counts as new after its creation or the first listing that has it, milliseconds; its stream has
 * a record by then.
 */
const newForMs = 60 * 60_000;

/** Creates the discovery of one configured source. */
export function openDiscovery(config: SourceConfig, source: DmsSource, clock: Clock): Discovery {
  const { engine, region, projectId } = config;
  let last: ListedStreams | null = null;
  const fresh = (): ListedStreams | null =>
    last && isWithin(maxAgeMs, last.atMs, clock.now()) ? last : null;
  return {
    config,
    source,
    get last() {
      return last;
    },
    get fresh() {
      return fresh();
    },
    async list(signal) {
      const cached = fresh();
      if (cached) return cached;
      const atMs = clock.now();
      const { instances, isWhole } = await source.instances({ signal });
      const sinceOf = newcomers(last, atMs);
      const streams = instances.map((instance) => ({
        stream: { engine, region, projectId, instanceId: instance.id },
        name: instance.name,
        sinceMs: sinceOf(instance),
        source,
      }));
      last = { streams, atMs, isWhole };
      return last;
    },
  };
}

/** Returns since when an instance of the next listing is new; undefined when it is not. */
function newcomers(last: ListedStreams | null, nowMs: number): (instance: Instance) => number | undefined {
  // A process that has just started knows no list that lacked the instance, but the API says when it was created.
  if (!last)
    return ({ createdAtMs }) =>
      createdAtMs !== null && isWithin(newForMs, createdAtMs, nowMs) ? createdAtMs : nowMs;
  const listed = new Map(last.streams.map(({ stream, sinceMs }) => [stream.instanceId, sinceMs]));
  return ({ id }) => {
    const wasThere = listed.has(id) || !last.isWhole;
    const sinceMs = wasThere ? listed.get(id) : last.atMs;
    return sinceMs !== undefined && nowMs - sinceMs < newForMs ? sinceMs : undefined;
  };
}

/** Whether the stream belongs to the source's project and engine. */
export const isOfProject = (config: SourceConfig, { engine, region, projectId }: Stream): boolean =>
  config.engine === engine && config.region === region && config.projectId === projectId;

/** Whether the configuration watches the stream, provided its instance exists. */
export const isWatched = (config: SourceConfig, stream: Stream): boolean =>
  isOfProject(config, stream) && (config.instances === "all" || config.instances.includes(stream.instanceId));
