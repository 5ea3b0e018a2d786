import type { CloudEvent } from "../../change/event.ts";
import { maskedParams } from "../../change/mask.ts";
import type { Task } from "../../change/task.ts";
import type { OutboxEntry } from "../../checkpoint/checkpoint.ts";
import type { StreamKey } from "../../core/names.ts";
import type { AttemptRow, DeliveryRow, EventRow, EventStory, TaskRow, TaskStory } from "../protocol.ts";
import { withAttempt } from "./attempts.ts";
import { eventRow, type Sighting, sightingOfEvent, sightingOfTask, taskKey, withSighting } from "./tasks.ts";

/** Most rows kept; beyond them the oldest go. */
const maxTasks = 10_000;
const maxEvents = 2_000;
const maxAttempts = 50;
/** Longer params are left to the event, which holds them cut and masked. */
const maxParamsCharacters = 4_096;

interface KeptTask {
  readonly row: TaskRow;
  /** As the API showed it last; null where only events told of it. */
  readonly task: Task | null;
  readonly events: readonly string[];
}

interface KeptEvent {
  readonly row: EventRow;
  readonly event: CloudEvent;
  readonly attempts: readonly AttemptRow[];
}

/** Rows that changed since they were last taken. */
export interface ChangedTasks {
  readonly tasks: readonly TaskRow[];
  readonly events: readonly EventRow[];
  readonly removedTasks: readonly string[];
}

/** Tasks with their events and attempts, bounded. */
export class TasksModel {
  readonly #tasks = new Map<string, KeptTask>();
  readonly #events = new Map<string, KeptEvent>();
  readonly #changedTasks = new Set<string>();
  readonly #changedEvents = new Set<string>();
  #removed: string[] = [];

  /** A task that the API showed. */
  listed(stream: StreamKey, task: Task, typicalMs: number | null): void {
    const kept = this.saw(sightingOfTask(stream, task, typicalMs));
    const isLong = (task.params?.length ?? 0) > maxParamsCharacters;
    this.#tasks.set(kept.row.key, { ...kept, task: isLong ? { ...task, params: null } : task });
  }

  /** Whether the task was known to have ended. */
  hasEnded(stream: StreamKey, id: string): boolean {
    const endedAtMs = this.#tasks.get(taskKey(stream, id))?.row.endedAtMs;
    return endedAtMs !== undefined && endedAtMs !== null;
  }

  /** Any sign of a task. */
  saw(sighting: Sighting): KeptTask {
    const key = taskKey(sighting.stream, sighting.id);
    const known = this.#tasks.get(key);
    const row = withSighting(known?.row, sighting);
    if (known?.row === row) return known;
    const kept: KeptTask = { task: null, events: [], ...known, row };
    this.#tasks.set(key, kept);
    this.#changedTasks.add(key);
    if (this.#tasks.size > maxTasks) this.#forgetTask();
    return kept;
  }

  /** An event that was stored. Returns its row. */
  committed(stream: StreamKey, event: CloudEvent, atMs: number, typicalMs: number | null): EventRow {
    const seen = sightingOfEvent(stream, event);
    const kept = this.saw({ ...seen, typicalMs: seen.typicalMs ?? typicalMs });
    if (!kept.events.includes(event.id)) {
      this.#tasks.set(kept.row.key, { ...kept, events: [...kept.events, event.id] });
    }
    const known = this.#events.get(event.id);
    if (known) return known.row;
    const row = eventRow(stream, event, atMs);
    this.#keep({ row, event, attempts: [] });
    return row;
  }

  /** An event of an outbox, with its deliveries so far. */
  pending(stream: StreamKey, { event, committedAtMs, pending }: OutboxEntry, typicalMs: number | null): void {
    const row = this.committed(stream, event, committedAtMs, typicalMs);
    const heard = new Set(row.deliveries.map(({ sink }) => sink));
    const added = Array.from(pending, ([sink, { attempts }]): DeliveryRow => {
      return { sink, attempts, state: attempts > 0 ? "retrying" : "pending" };
    }).filter(({ sink }) => !heard.has(sink));
    const kept = this.#events.get(event.id);
    if (kept && added.length > 0)
      this.#keep({ ...kept, row: { ...row, deliveries: [...row.deliveries, ...added] } });
  }

  /** An attempt to deliver an event; nothing where the event is no longer kept. */
  attempted(eventId: string, attempt: AttemptRow): void {
    const kept = this.#events.get(eventId);
    if (!kept) return;
    this.#keep({
      ...kept,
      row: { ...kept.row, deliveries: withAttempt(kept.row.deliveries, attempt) },
      attempts: [...kept.attempts, attempt].slice(-maxAttempts),
    });
  }

  tasks(): readonly TaskRow[] {
    return Array.from(this.#tasks.values(), ({ row }) => row);
  }

  /** Oldest first. */
  events(): readonly EventRow[] {
    return Array.from(this.#events.values(), ({ row }) => row);
  }

  takeChanged(): ChangedTasks {
    const changed = {
      tasks: [...this.#changedTasks].flatMap((key) => this.#tasks.get(key)?.row ?? []),
      events: [...this.#changedEvents].flatMap((id) => this.#events.get(id)?.row ?? []),
      removedTasks: this.#removed,
    };
    this.#changedTasks.clear();
    this.#changedEvents.clear();
    this.#removed = [];
    return changed;
  }

  event(id: string): EventStory | null {
    const kept = this.#events.get(id);
    return kept ? storyOf(kept) : null;
  }

  cloudEvent(id: string): CloudEvent | null {
    return this.#events.get(id)?.event ?? null;
  }

  task(key: string): TaskStory | null {
    const kept = this.#tasks.get(key);
    if (!kept) return null;
    const events = kept.events.flatMap((id) => this.#events.get(id) ?? []);
    const stated = events.at(-1)?.event.data.task;
    const params = stated ? stated.params : maskedParams(kept.task?.params ?? null);
    return {
      row: kept.row,
      fullName: stated?.name ?? kept.task?.name ?? kept.row.name,
      user: stated?.user ?? kept.task?.user ?? { id: null, name: kept.row.user },
      params: params === null ? null : JSON.stringify(params, null, 2),
      events: events.map(storyOf),
    };
  }

  /** The task that was first heard of longest ago, an ended one where there is one. */
  #forgetTask(): void {
    const [first] = this.#tasks.keys();
    const ended = this.#tasks.values().find(({ row }) => row.endedAtMs !== null)?.row.key ?? first;
    if (ended === undefined) return;
    this.#tasks.delete(ended);
    this.#changedTasks.delete(ended);
    this.#removed.push(ended);
  }

  #keep(kept: KeptEvent): void {
    this.#events.set(kept.row.id, kept);
    this.#changedEvents.add(kept.row.id);
    const [oldest] = this.#events.keys();
    if (this.#events.size > maxEvents && oldest !== undefined) this.#events.delete(oldest);
  }
}

const storyOf = ({ row, event, attempts }: KeptEvent): EventStory => ({
  row,
  json: JSON.stringify(event, null, 2),
  attempts,
});
