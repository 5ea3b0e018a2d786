import type { CloudEvent } from "../../change/event.ts";
import { isFinal, stampMs, type Task } from "../../change/task.ts";
import type { StreamKey } from "../../core/names.ts";
import type { EventRow, Step, TaskRow } from "../protocol.ts";

const maxNameCharacters = 200;
const maxSteps = 24;

/** Key of a task's row. */
export const taskKey = (stream: string, id: string): string => `${stream}/${id}`;

/** A task as one source shows it. */
export interface Sighting {
  readonly stream: StreamKey;
  readonly id: string;
  readonly name: string;
  readonly user: string | null;
  readonly createdAtMs: number;
  readonly step: Step;
  /** `overdue` and `vanished` are no statuses of the API. */
  readonly mark: TaskRow["mark"];
  readonly typicalMs: number | null;
}

/** A task's fields from the API. */
export const sightingOfTask = (stream: StreamKey, task: Task, typicalMs: number | null): Sighting => ({
  stream,
  id: task.id,
  name: task.name,
  user: task.user.name,
  createdAtMs: task.createdAtMs,
  step: { status: task.status, atMs: stampMs(task) },
  mark: null,
  typicalMs,
});

/** A task's fields from an event. */
export function sightingOfEvent(stream: StreamKey, { data }: CloudEvent): Sighting {
  const { task, change } = data;
  const isVanished = change.to === "VANISHED";
  return {
    stream,
    id: task.id,
    name: task.name,
    user: task.user.name,
    createdAtMs: Date.parse(task.createdAt),
    step: endings.has(change.to)
      ? { status: change.to, atMs: Date.parse(change.observedAt) }
      : { status: task.status, atMs: Date.parse(task.updatedAt) },
    mark: isVanished ? "vanished" : change.to === "OVERDUE" ? "overdue" : null,
    typicalMs: change.usualMs ?? null,
  };
}

/** Statuses from the bridge that end a task. An outage is shown like a task and ends when its stream is read again. */
const endings: ReadonlySet<string> = new Set(["VANISHED", "RECOVERED"]);

/** Adds a sighting to a task's row. Returns the same row when it brings nothing new. */
export function withSighting(row: TaskRow | undefined, seen: Sighting): TaskRow {
  const known = row?.steps ?? [];
  const isNew = !known.some(({ status, atMs }) => status === seen.step.status && atMs === seen.step.atMs);
  const steps = isNew ? [...known, seen.step].sort((a, b) => a.atMs - b.atMs).slice(-maxSteps) : known;
  const latest = steps.at(-1) ?? seen.step;
  const isOver = isFinal(latest.status) || endings.has(latest.status);
  const mark = latest.status === "VANISHED" ? "vanished" : (markOf(row) ?? markOf(seen));
  const next: TaskRow = {
    key: taskKey(seen.stream, seen.id),
    stream: seen.stream,
    id: seen.id,
    name: shortened(seen.name || (row?.name ?? "")),
    user: seen.user === null ? (row?.user ?? null) : shortened(seen.user),
    status: latest.status,
    createdAtMs: seen.createdAtMs,
    endedAtMs: isOver ? latest.atMs : null,
    typicalMs: seen.typicalMs ?? row?.typicalMs ?? null,
    mark,
    steps,
  };
  return row && isSame(row, next) ? row : next;
}

/** A vanished task may come back; an overdue one stays so. */
const markOf = (row: Pick<TaskRow, "mark"> | undefined): "overdue" | null =>
  row?.mark === "overdue" ? "overdue" : null;

const isSame = (a: TaskRow, b: TaskRow): boolean =>
  a.steps === b.steps &&
  a.name === b.name &&
  a.user === b.user &&
  a.mark === b.mark &&
  a.typicalMs === b.typicalMs &&
  a.createdAtMs === b.createdAtMs;

/** The row of an event. */
export function eventRow(stream: StreamKey, event: CloudEvent, atMs: number): EventRow {
  const { task, change } = event.data;
  return {
    id: event.id,
    atMs,
    kind: event.type.slice(event.type.lastIndexOf(".") + 1) as EventRow["kind"],
    from: change.from,
    to: shortened(change.to),
    stream,
    task: taskKey(stream, task.id),
    taskName: shortened(task.name),
    user: task.user.name === null ? null : shortened(task.user.name),
    durationMs: change.durationMs,
    lagMs: Math.max(0, atMs - Date.parse(event.time)),
    deliveries: [],
  };
}

const shortened = (text: string): string =>
  text.length <= maxNameCharacters ? text : `${text.slice(0, maxNameCharacters - 1)}…`;
