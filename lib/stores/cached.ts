import type { CheckpointStore, Stored } from "../checkpoint/store.ts";
import { type Clock, isWithin } from "../core/clock.ts";
import type { StreamKey } from "../core/names.ts";

/** Longest time that another writer's commit, such as a redrive, may go unnoticed by an idle run, milliseconds. */
const maxAgeMs = 5 * 60_000;
/** Limit for functions of a fleet, which keep meeting other streams. */
const maxRecords = 5_000;

interface Held extends Stored {
  /** Epoch milliseconds when the store was last known to hold this version. */
  readonly atMs: number;
}

/**
 * Caches records between runs, so that an idle run of a warm function reads nothing. The version check makes this safe:
 * a commit from an outdated record is refused, and the next load reads it again.
 */
export function cachedCheckpoints(store: CheckpointStore, clock: Clock): CheckpointStore {
  const records = new Map<StreamKey, Held>();
  const keep = (stream: StreamKey, held: Held): void => {
    records.set(stream, held);
    const [oldest] = records.keys();
    if (records.size > maxRecords && oldest !== undefined) records.delete(oldest);
  };
  return {
    load: async (stream) => {
      const held = records.get(stream);
      const nowMs = clock.now();
      if (held && isWithin(maxAgeMs, held.atMs, nowMs))
        return { checkpoint: held.checkpoint, version: held.version };
      records.delete(stream);
      const stored = await store.load(stream);
      if (stored) keep(stream, { ...stored, atMs: nowMs });
      return stored;
    },
    commit: async (stream, next, expected, entries) => {
      // Unknown until the store answers: a failed commit may still have been written.
      records.delete(stream);
      const nowMs = clock.now();
      const result = await store.commit(stream, next, expected, entries);
      if (result.kind === "committed") {
        keep(stream, { checkpoint: next, version: result.version, atMs: nowMs });
      }
      return result;
    },
    doubt: (stream) => void records.delete(stream),
    list: () => store.list(),
    reset: async (stream) => {
      records.delete(stream);
      await store.reset(stream);
    },
    close: async () => {
      records.clear();
      await store.close();
    },
  };
}
