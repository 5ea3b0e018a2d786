import type { CheckpointStore, Stored, Version } from "../checkpoint/store.ts";
import type { StreamKey } from "../core/names.ts";
import { memoryDeadLetters, memoryParked } from "./memory.ts";
import type { Stores } from "./stores.ts";

/**
 * Stores for a run that must change nothing: they read what is stored and keep what is written in memory. Dead letters
 * begin empty, so that none expires.
 */
export function rehearsalStores(stores: Stores): Stores {
  const parked = memoryParked();
  return {
    checkpoints: rehearsalCheckpoints(stores.checkpoints),
    deadLetters: memoryDeadLetters(),
    parked: {
      ...parked,
      get: async (stream, id) => (await parked.get(stream, id)) ?? stores.parked.get(stream, id),
      remove: async () => {},
      close: async () => {
        await Promise.all([stores.parked.close(), stores.deadLetters.close()]);
      },
    },
    activity: stores.activity,
    journal: null,
    roomBytes: stores.roomBytes,
  };
}

function rehearsalCheckpoints(store: CheckpointStore): CheckpointStore {
  const written = new Map<StreamKey, Stored>();
  return {
    load: async (stream) => written.get(stream) ?? store.load(stream),
    commit: async (stream, next, expected) => {
      const version = ((expected ?? 0) + 1) as Version;
      written.set(stream, { checkpoint: next, version });
      return { kind: "committed", version };
    },
    list: () => store.list(),
    reset: async () => {},
    close: () => store.close(),
  };
}
