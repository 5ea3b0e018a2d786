import type { CheckpointStore, Stored } from "../checkpoint/store.ts";
import { type Clock, isWithin } from "../core/clock.ts";
import type { StreamKey } from "../core/names.ts";

/** How long another writer's work, such as a redrive, can go unseen by a run that has nothing to write and is not told. */
const maxAgeMs = 5 * 60_000;
/** A function of a fleet sees ever other streams. */
const maxRecords = 5_000;

interface Held extends Stored {
  /** When the store was last known to hold this version. */
  readonly atMs: number;
}

/**
 * A store whose records are kept in memory between runs, so that an idle run of a warm function asks it nothing. The
 * version check makes that safe: a commit from a record that is not the newest is refused, and the next load reads.
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
    commit: async (stream, next, expected) => {
      // Not known until the store has answered: a commit that fails may still have been written.
      records.delete(stream);
      const nowMs = clock.now();
      const result = await store.commit(stream, next, expected);
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
