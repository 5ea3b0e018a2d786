import { computed, signal } from "@preact/signals";
import type { EventKind } from "../../change/kind.ts";
import type { TaskRow } from "../protocol.ts";
import { instanceName, tasks, tasksVersion } from "./state.ts";
import { kindOfTask } from "./status.ts";

export const search = signal("");
export const instance = signal("");
export const person = signal("");
export const kinds = signal<ReadonlySet<EventKind>>(new Set());

export const isFiltering = computed(
  () => search.value !== "" || instance.value !== "" || person.value !== "" || kinds.value.size > 0,
);

export function clearFilters(): void {
  search.value = "";
  instance.value = "";
  person.value = "";
  kinds.value = new Set();
}

export function toggleKind(kind: EventKind): void {
  const next = new Set(kinds.value);
  if (!next.delete(kind)) next.add(kind);
  kinds.value = next;
}

const sorted = computed<readonly TaskRow[]>(() => {
  tasksVersion.value;
  return [...tasks.values()].sort((a, b) => a.createdAtMs - b.createdAtMs || (a.key < b.key ? -1 : 1));
});

/** Tasks of the chosen instance and person that fit the search, whatever their status. */
const ofAnyKind = computed(() => {
  const wanted = search.value.trim().toLowerCase();
  const fits = ({ name, user, id, stream }: TaskRow): boolean =>
    (instance.value === "" || stream === instance.value) &&
    (person.value === "" || user === person.value) &&
    (wanted === "" ||
      [name, user ?? "", id, instanceName(stream)].some((text) => text.toLowerCase().includes(wanted)));
  return sorted.value.filter(fits);
});

/** Tasks that fit all filters, by creation. */
export const shownTasks = computed(() =>
  kinds.value.size === 0
    ? ofAnyKind.value
    : ofAnyKind.value.filter((task) => kinds.value.has(kindOfTask(task))),
);

/** Counts by status of what the other filters let through. */
export const kindCounts = computed(() => {
  const counts = new Map<EventKind, number>();
  for (const task of ofAnyKind.value) {
    const kind = kindOfTask(task);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
});

export const people = computed(() =>
  [...new Set(sorted.value.map(({ user }) => user))].filter((user) => user !== null).sort(),
);
