import type { StreamKey } from "../names.ts";
import type { CheckpointStore, Stored, Version } from "./store.ts";

/** Checkpoints for as long as the process lives: for tests and for trying things out. */
export function memoryCheckpoints(): CheckpointStore {
  const records = new Map<StreamKey, Stored>();
  return {
    load: async (stream) => records.get(stream) ?? null,
    commit: async (stream, next, expected) => {
      const current = records.get(stream)?.version ?? null;
      if (current !== expected) return { kind: "conflict" };
      const version = ((current ?? 0) + 1) as Version;
      records.set(stream, { checkpoint: next, version });
      return { kind: "committed", version };
    },
    list: async () => [...records.keys()],
    reset: async (stream) => void records.delete(stream),
    close: async () => {},
  };
}
