import { computed, signal } from "@preact/signals";
import type { ConsoleSnapshot, EventRow, Meta, Patch, SinkRow, StreamRow, TaskRow } from "../protocol.ts";

// State from the server. The timeline reads the map itself: copying thousands of rows for each patch would cost frames.

export const meta = signal<Meta | null>(null);
export const sinks = signal<readonly SinkRow[]>([]);
export const streams = signal<readonly StreamRow[]>([]);
/** Why the store cannot be read; null while it can. */
export const trouble = signal<string | null>(null);
export const tasks = new Map<string, TaskRow>();
/** Changes with every change of `tasks`. */
export const tasksVersion = signal(0);
/** Newest first. */
export const events = signal<readonly EventRow[]>([]);

/** The server's clock less this one's. */
let skewMs = 0;
/** The server's time. */
export const serverNow = (): number => Date.now() + skewMs;

/** Ticks for texts such as "5 s ago". */
export const now = signal(Date.now());
setInterval(() => {
  now.value = serverNow();
}, 1_000);

const maxEvents = 2_000;

export function applySnapshot({ nowMs, ...snapshot }: ConsoleSnapshot): void {
  skewMs = nowMs - Date.now();
  now.value = nowMs;
  meta.value = snapshot.meta;
  sinks.value = snapshot.sinks;
  streams.value = snapshot.streams;
  trouble.value = snapshot.trouble;
  tasks.clear();
  for (const task of snapshot.tasks) tasks.set(task.key, task);
  tasksVersion.value += 1;
  events.value = snapshot.events.toReversed();
}

export function applyPatch(patch: Patch): void {
  skewMs = patch.nowMs - Date.now();
  if (patch.meta) meta.value = patch.meta;
  if (patch.trouble !== undefined) trouble.value = patch.trouble;
  if (patch.sinks) sinks.value = merged(sinks.value, patch.sinks, ({ name }) => name);
  if (patch.streams) streams.value = merged(streams.value, patch.streams, ({ key }) => key);
  if (patch.events) {
    const known = new Set(patch.events.map(({ id }) => id));
    const seen = new Set(events.value.map(({ id }) => id));
    const changed = new Map(patch.events.map((row) => [row.id, row]));
    const added = patch.events.filter(({ id }) => !seen.has(id)).reverse();
    events.value = [
      ...added,
      ...events.value.map((row) => (known.has(row.id) ? (changed.get(row.id) ?? row) : row)),
    ].slice(0, maxEvents);
  }
  for (const key of patch.removedTasks ?? []) tasks.delete(key);
  for (const task of patch.tasks ?? []) tasks.set(task.key, task);
  if (patch.tasks || patch.removedTasks) tasksVersion.value += 1;
}

function merged<Row>(
  rows: readonly Row[],
  changed: readonly Row[],
  keyOf: (row: Row) => string,
): readonly Row[] {
  const next = new Map(rows.map((row) => [keyOf(row), row]));
  for (const row of changed) next.set(keyOf(row), row);
  return [...next.values()];
}

/** Names of instances by stream key. */
export const instanceNames = computed(
  () => new Map(streams.value.map(({ key, name, instance }) => [key, name ?? instance])),
);

/** An instance's name, or its id where it has none. */
export const instanceName = (stream: string): string =>
  instanceNames.value.get(stream) ?? stream.slice(stream.lastIndexOf("/") + 1);
