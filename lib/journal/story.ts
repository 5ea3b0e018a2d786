import type { CloudEvent } from "../change/event.ts";
import { type EventId, type SinkName, type StreamKey, type TaskId, taskId } from "../core/names.ts";
import { type DeliveryEntry, taskOf } from "./entry.ts";
import type { DamagedEntry, Journaled } from "./journal.ts";

/** A delivery that a record still holds. */
export interface PendingAttempt {
  readonly sink: SinkName;
  readonly attempts: number;
  /** Epoch milliseconds before which no attempt is made; 0 for the next run. */
  readonly nextAttemptMs: number;
  /** Whether it waits beside the record, which has no room for it yet. */
  readonly isParked?: true;
}

/** One change of a task, with its deliveries. */
export interface JournaledChange {
  readonly eventId: EventId;
  readonly status: string;
  /** When it was committed, epoch milliseconds; null when the journal does not know. */
  readonly committedMs: number | null;
  /** Null when the journal kept its deliveries alone. */
  readonly event: CloudEvent | null;
  /** Sinks that it goes to; null when the journal does not know. */
  readonly sinks: readonly SinkName[] | null;
  readonly deliveries: readonly DeliveryEntry[];
  readonly pending: readonly PendingAttempt[];
}

/** A task's changes, in order. */
export interface JournaledTask {
  readonly task: TaskId;
  readonly stream: StreamKey;
  readonly events: readonly JournaledChange[];
}

/** An event with its pending deliveries, from a stream's record. */
export interface OwedEvent {
  readonly stream: StreamKey;
  readonly event: CloudEvent;
  readonly committedMs: number;
  readonly pending: readonly PendingAttempt[];
}

/** Tells the stories of tasks, from the journal's entries and what the records still hold. */
export function storiesOf(
  entries: readonly (Journaled | DamagedEntry)[],
  owed: readonly OwedEvent[],
): readonly JournaledTask[] {
  const tasks = new Map<string, { task: TaskId; stream: StreamKey; events: Map<EventId, JournaledChange> }>();
  const eventsOf = (stream: StreamKey, task: TaskId): Map<EventId, JournaledChange> => {
    const found = tasks.get(`${stream} ${task}`) ?? { task, stream, events: new Map() };
    tasks.set(`${stream} ${task}`, found);
    return found.events;
  };
  const add = (
    events: Map<EventId, JournaledChange>,
    eventId: EventId,
    more: Partial<JournaledChange>,
  ): void => {
    events.set(eventId, { ...(events.get(eventId) ?? untold(eventId, more.status ?? "")), ...more });
  };
  for (const entry of entries) {
    if (entry.kind === "damaged") continue;
    const events = eventsOf(entry.stream, taskOf(entry));
    if (entry.kind === "event") {
      const { event, sinks, atMs } = entry;
      add(events, event.id, { event, sinks, status: event.data.change.to, committedMs: atMs });
      continue;
    }
    const deliveries = [...(events.get(entry.eventId)?.deliveries ?? []), entry];
    add(events, entry.eventId, { status: entry.status, deliveries });
  }
  for (const { stream, event, committedMs, pending } of owed) {
    const events = eventsOf(stream, taskId(event.subject));
    const known = events.get(event.id);
    add(events, event.id, {
      event,
      status: event.data.change.to,
      committedMs: known?.committedMs ?? committedMs,
      pending: [...(known?.pending ?? []), ...pending],
    });
  }
  return Array.from(tasks.values(), ({ task, stream, events }) => ({
    task,
    stream,
    events: [...events.values()].sort((a, b) => (a.committedMs ?? 0) - (b.committedMs ?? 0)),
  }));
}

const untold = (eventId: EventId, status: string): JournaledChange => ({
  eventId,
  status,
  committedMs: null,
  event: null,
  sinks: null,
  deliveries: [],
  pending: [],
});
