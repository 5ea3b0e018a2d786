import { lastActiveMs } from "../checkpoint/activity.ts";
import type { BatchId, ParkedDelivery, ParkedStore } from "../checkpoint/parked.ts";
import type { CheckpointStore, Stored, Version } from "../checkpoint/store.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { StreamKey } from "../core/names.ts";
import { type DeadLetter, type DeadLetterStore, matchesFilter } from "../delivery/dead-letters.ts";
import type { Stores } from "./stores.ts";

/** All stores in memory, for the lifetime of the process. */
export const memoryStores = (clock: Clock): Stores => ({
  ...memoryRecords(clock),
  deadLetters: memoryDeadLetters(),
  parked: memoryParked(),
});

/** Checkpoints in memory, by the machine's clock. */
export const memoryCheckpoints = (): CheckpointStore => memoryRecords(systemClock).checkpoints;

/** Checkpoints and their index in memory, for tests and trials. */
export function memoryRecords(clock: Clock): Pick<Stores, "checkpoints" | "activity"> {
  const records = new Map<StreamKey, Stored & { readonly activeMs: number }>();
  const checkpoints: CheckpointStore = {
    load: async (stream) => records.get(stream) ?? null,
    commit: async (stream, next, expected) => {
      const current = records.get(stream)?.version ?? null;
      if (current !== expected) return { kind: "conflict" };
      const version = ((current ?? 0) + 1) as Version;
      records.set(stream, { checkpoint: next, version, activeMs: lastActiveMs(next, clock.now()) });
      return { kind: "committed", version };
    },
    list: async () => [...records.keys()],
    reset: async (stream) => void records.delete(stream),
    close: async () => {},
  };
  return {
    checkpoints,
    activity: {
      activeSince: async (ms) =>
        new Map(
          records
            .entries()
            .filter(([, { activeMs }]) => activeMs > ms)
            .map(([stream, { activeMs }]) => [stream, activeMs]),
        ),
    },
  };
}

/** Dead letters in memory, for the lifetime of the process. */
export function memoryDeadLetters(): DeadLetterStore {
  const deadLetters = new Map<string, DeadLetter>();
  return {
    put: async (added) => {
      for (const deadLetter of added) deadLetters.set(deadLetter.id, deadLetter);
    },
    list: async (filter) =>
      [...deadLetters.values()].filter((deadLetter) => matchesFilter(deadLetter, filter)),
    remove: async (ids) => {
      for (const id of ids) deadLetters.delete(id);
    },
    close: async () => {},
  };
}

/** Parked deliveries in memory, for the lifetime of the process. */
export function memoryParked(): ParkedStore {
  const streams = new Map<StreamKey, Map<BatchId, readonly ParkedDelivery[]>>();
  return {
    put: async (stream, id, deliveries) => {
      const batches = streams.get(stream) ?? new Map();
      streams.set(stream, batches.set(id, deliveries));
    },
    get: async (stream, id) => streams.get(stream)?.get(id) ?? null,
    remove: async (stream, ids) => {
      for (const id of ids) streams.get(stream)?.delete(id);
    },
    list: async (stream) => [...(streams.get(stream)?.keys() ?? [])],
    close: async () => {},
  };
}
