import { lastActiveMs } from "../checkpoint/activity.ts";
import type { BatchId, ParkedDelivery, ParkedStore } from "../checkpoint/parked.ts";
import { largeRoomBytes } from "../checkpoint/room.ts";
import type { CheckpointStore, Stored, Version } from "../checkpoint/store.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { StreamKey } from "../core/names.ts";
import { type DeadLetter, type DeadLetterStore, matchesFilter } from "../delivery/dead-letters.ts";
import { type JournalEntry, taskOf } from "../journal/entry.ts";
import { deliveriesPerEvent, isTaskNamed, type Journal, type Journaled } from "../journal/journal.ts";
import type { Stores } from "./stores.ts";

/** All stores in memory, for the lifetime of the process. */
export const memoryStores = (clock: Clock, withJournal = false): Stores => {
  const journal = withJournal ? memoryJournal(clock) : null;
  return {
    ...memoryRecords(clock, journal),
    deadLetters: memoryDeadLetters(),
    parked: memoryParked(),
    journal,
    roomBytes: largeRoomBytes,
  };
};

/** Checkpoints in memory, by the machine's clock. */
export const memoryCheckpoints = (): CheckpointStore => memoryRecords(systemClock).checkpoints;

/** Checkpoints and their index in memory, for tests and trials. */
export function memoryRecords(
  clock: Clock,
  journal: Journal | null = null,
): Pick<Stores, "checkpoints" | "activity"> {
  const records = new Map<StreamKey, Stored & { readonly activeMs: number }>();
  const checkpoints: CheckpointStore = {
    load: async (stream) => records.get(stream) ?? null,
    commit: async (stream, next, expected, entries = []) => {
      const current = records.get(stream)?.version ?? null;
      if (current !== expected) return { kind: "conflict" };
      const version = ((current ?? 0) + 1) as Version;
      records.set(stream, { checkpoint: next, version, activeMs: lastActiveMs(next, clock.now()) });
      await journal?.append(entries);
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

/** A journal in memory, for the lifetime of the process. */
export function memoryJournal(clock: Clock): Journal {
  let entries: Journaled[] = [];
  let written = 0;
  return {
    append: async (added) => {
      const writtenMs = clock.now();
      for (const entry of added) entries.push({ ...entry, id: String(++written), writtenMs });
    },
    async *read({ sinceMs, untilMs = Number.POSITIVE_INFINITY, task, newestFirst }) {
      for (const entry of newestFirst ? entries.toReversed() : entries) {
        const isInSpan = entry.writtenMs >= sinceMs && entry.writtenMs <= untilMs;
        if (isInSpan && (task === undefined || isTaskNamed(taskOf(entry), task))) yield entry;
      }
    },
    trim: async ({ sinceMs, maxEvents }) => {
      const young = entries.filter(({ writtenMs }) => writtenMs >= sinceMs);
      const excess = (kind: JournalEntry["kind"], most: number) =>
        young
          .filter((entry) => entry.kind === kind)
          .toReversed()
          .slice(most);
      const gone = new Set([
        ...excess("event", maxEvents),
        ...excess("delivery", maxEvents * deliveriesPerEvent),
      ]);
      entries = young.filter((entry) => !gone.has(entry));
      return false;
    },
    trimEveryMs: 60_000,
    settled: async () => {},
    close: async () => {},
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
