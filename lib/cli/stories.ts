import type { KnownTask } from "../change/known.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { parkedFor } from "../checkpoint/parked.ts";
import { type PartError, StoreError } from "../core/errors.ts";
import type { StreamKey, TaskId } from "../core/names.ts";
import type { DeadLetter } from "../delivery/dead-letters.ts";
import { type DamagedEntry, isTaskNamed, type Journaled } from "../journal/journal.ts";
import { type JournaledTask, type OwedEvent, type PendingAttempt, storiesOf } from "../journal/story.ts";
import type { Bridge } from "../wire/bridge.ts";
import { readRecords } from "./records.ts";
import type { StoresToRead } from "./session.ts";

/** A task as a stream's record knows it. */
export interface RecordedTask {
  readonly stream: StreamKey;
  readonly known: KnownTask;
}

/** Stored entries and records of some tasks. */
export interface StoredStories {
  readonly stories: readonly JournaledTask[];
  /** The tasks in the records, with or without an event. */
  readonly recorded: ReadonlyMap<TaskId, RecordedTask>;
  /** Streams whose record, or what is parked beside it, cannot be read. */
  readonly errors: ReadonlyMap<string, PartError>;
}

/**
 * Reads the stories of the tasks whose id is this text, or begins or ends with it: from the journal where it is on, the
 * records and what is parked beside them, and dead letters for events that the journal no longer has.
 * @throws StoreError without a list of records
 */
export async function storedStories(
  { checkpoints, parked, journal, deadLetters }: StoresToRead,
  id: string,
): Promise<StoredStories> {
  const entries: (Journaled | DamagedEntry)[] = [];
  for await (const entry of journal?.read({ sinceMs: 0, task: id }) ?? []) entries.push(entry);
  const owed: OwedEvent[] = [];
  const recorded = new Map<TaskId, RecordedTask>();
  const errors = new Map<string, PartError>();
  for (const { key, stored, error } of await readRecords({ checkpoints })) {
    if (error) errors.set(key, error);
    if (!stored) continue;
    for (const [task, known] of stored.checkpoint.known)
      if (isTaskNamed(task, id)) recorded.set(task, { stream: key, known });
    owed.push(...owedIn(key, stored.checkpoint, id));
    try {
      for await (const each of parkedIn(key, stored.checkpoint, parked, id)) owed.push(each);
    } catch (thrown) {
      if (!(thrown instanceof StoreError)) throw thrown;
      errors.set(key, thrown);
    }
  }
  const stories = storiesOf(entries, owed);
  if (stories.every(({ events }) => events.every(({ event }) => event !== null)))
    return { stories, recorded, errors };
  try {
    return { stories: withLetters(stories, await deadLetters.list({})), recorded, errors };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    errors.set("dead letters", error);
    return { stories, recorded, errors };
  }
}

/** The stories with the events of dead letters in place of missing ones. */
function withLetters(
  stories: readonly JournaledTask[],
  letters: readonly DeadLetter[],
): readonly JournaledTask[] {
  const events = new Map(letters.map(({ event }) => [event.id, event]));
  return stories.map((story) => ({
    ...story,
    events: story.events.map((change) => ({
      ...change,
      event: change.event ?? events.get(change.eventId) ?? null,
    })),
  }));
}

const owedIn = (stream: StreamKey, { outbox }: Checkpoint, id: string): readonly OwedEvent[] =>
  outbox
    .filter(({ event }) => isTaskNamed(event.subject, id))
    .map(({ event, committedAtMs, pending }) => ({
      stream,
      event,
      committedMs: committedAtMs,
      pending: Array.from(pending, ([sink, state]): PendingAttempt => ({ sink, ...state })),
    }));

async function* parkedIn(
  stream: StreamKey,
  checkpoint: Checkpoint,
  parked: Bridge["parked"],
  id: string,
): AsyncGenerator<OwedEvent> {
  for (const [sink, batches] of checkpoint.parked) {
    const pending = [{ sink, attempts: 0, nextAttemptMs: 0, isParked: true }] as const;
    for await (const { event, committedAtMs } of parkedFor(parked, stream, { sink, batches }))
      if (isTaskNamed(event.subject, id)) yield { stream, event, committedMs: committedAtMs, pending };
  }
}
