import { anyClockMs, isBusy, lastActiveMs } from "../checkpoint/activity.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import { type Clock, isWithin } from "../core/clock.ts";
import type { StreamKey } from "../core/names.ts";
import type { Stores } from "./stores.ts";

/** Longest time that other processes' commits may go unnoticed, milliseconds. */
const maxAgeMs = 5 * 60_000;
/** Tolerated lag of an index, milliseconds; within it, our own commits are more accurate. */
const lagMs = 60_000;

/** Stores that cache the busy records, so that an idle run of a warm process does not query the index. */
export interface TrackedStores extends Stores {
  /**
   * Returns the records with pending deliveries or open tasks, each with its activity: from the index, queried every
   * five minutes, and from commits through these stores.
   * @throws StoreError
   */
  busy(): Promise<ReadonlyMap<StreamKey, number>>;
}

/** Wraps stores to cache their busy records. */
export function trackBusy(stores: Stores, clock: Clock): TrackedStores {
  const { checkpoints, activity } = stores;
  /** Ordered by time, oldest first. */
  const commits = new Map<StreamKey, { readonly activeMs: number; readonly atMs: number }>();
  let indexed: { readonly records: ReadonlyMap<StreamKey, number>; readonly atMs: number } | null = null;

  function note(stream: StreamKey, activeMs: number, atMs: number): void {
    commits.delete(stream);
    commits.set(stream, { activeMs, atMs });
    for (const [oldest, commit] of commits) {
      if (atMs - commit.atMs <= maxAgeMs + lagMs) break;
      commits.delete(oldest);
    }
  }

  const tracked: CheckpointStore = {
    load: (stream) => checkpoints.load(stream),
    commit: async (stream, next, expected, entries) => {
      const atMs = clock.now();
      const result = await checkpoints.commit(stream, next, expected, entries);
      if (result.kind === "committed") note(stream, lastActiveMs(next, atMs), atMs);
      return result;
    },
    doubt: (stream) => checkpoints.doubt?.(stream),
    list: () => checkpoints.list(),
    reset: async (stream) => {
      await checkpoints.reset(stream);
      note(stream, 0, clock.now());
    },
    close: () => checkpoints.close(),
  };

  return {
    ...stores,
    checkpoints: tracked,
    busy: async () => {
      const nowMs = clock.now();
      if (!indexed || !isWithin(maxAgeMs, indexed.atMs, nowMs)) {
        indexed = { records: await activity.activeSince(anyClockMs), atMs: nowMs };
      }
      const busy = new Map(indexed.records);
      for (const [stream, { activeMs, atMs }] of commits) {
        if (atMs < indexed.atMs - lagMs) continue;
        if (isBusy(activeMs)) busy.set(stream, activeMs);
        else busy.delete(stream);
      }
      return busy;
    },
  };
}
