import type { SourceConfig } from "../config/schema.ts";
import { type Clock, isWithin } from "../core/clock.ts";
import type { Stream } from "../core/names.ts";
import type { DmsSource } from "./dms.ts";
import type { TaskSource } from "./task-source.ts";

export interface WatchedStream {
  readonly stream: Stream;
  /** The instance's own name, where the API told it. */
  readonly name: string | null;
  /** Of an instance that is new, when a list last lacked it, or the first list had it: its tasks since then are news. Left out for any other. */
  readonly sinceMs?: number | undefined;
  readonly source: TaskSource;
}

/** What one list of a source's instances found. */
export interface Listed {
  readonly streams: readonly WatchedStream[];
  /** When it was asked for. */
  readonly atMs: number;
  /** Whether an instance that is not in it is surely not there. */
  readonly isWhole: boolean;
}

/** The instances of one configured source: those it names, or all that its project has. */
export interface Discovery {
  readonly config: SourceConfig;
  readonly source: DmsSource;
  /** What the last list found, however old; null before the first. */
  readonly last: Listed | null;
  /**
   * The source's streams; a list is believed for five minutes.
   * @throws SourceError
   */
  list(signal: AbortSignal): Promise<Listed>;
}

const maxAgeMs = 5 * 60_000;
/** An instance is new for so long after the first list that has it: by then its stream has a record. */
const newForMs = 60 * 60_000;

export function openDiscovery(config: SourceConfig, source: DmsSource, clock: Clock): Discovery {
  const { engine, region, projectId } = config;
  let last: Listed | null = null;
  return {
    config,
    source,
    get last() {
      return last;
    },
    async list(signal) {
      const atMs = clock.now();
      if (last && isWithin(maxAgeMs, last.atMs, atMs)) return last;
      const { instances, isWhole } = await source.instances({ signal });
      const sinceOf = newcomers(last, atMs);
      const streams = instances.map(({ id, name }) => ({
        stream: { engine, region, projectId, instanceId: id },
        name,
        sinceMs: sinceOf(id),
        source,
      }));
      last = { streams, atMs, isWhole };
      return last;
    },
  };
}

/** Since when an instance of the next list is new; undefined where it is not. */
function newcomers(last: Listed | null, nowMs: number): (instance: string) => number | undefined {
  if (!last) return () => nowMs;
  const listed = new Map(last.streams.map(({ stream, sinceMs }) => [stream.instanceId, sinceMs]));
  return (instance) => {
    const wasThere = listed.has(instance) || !last.isWhole;
    const sinceMs = wasThere ? listed.get(instance) : last.atMs;
    return sinceMs !== undefined && nowMs - sinceMs < newForMs ? sinceMs : undefined;
  };
}

/** Whether the stream belongs to the source's project and engine. */
export const isOfProject = (config: SourceConfig, { engine, region, projectId }: Stream): boolean =>
  config.engine === engine && config.region === region && config.projectId === projectId;

/** Whether the configuration watches the stream, if its instance is there. */
export const isWatched = (config: SourceConfig, stream: Stream): boolean =>
  isOfProject(config, stream) && (config.instances === "all" || config.instances.includes(stream.instanceId));
