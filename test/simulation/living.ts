import type { CloudEvent } from "../../lib/change/event.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { type SinkName, taskId } from "../../lib/core/names.ts";
import { type Deeds, Violation } from "./history.ts";

const maxReferences = 500;
/** References of one task: one for each sink. All of a task's go together. */
const mostOfTask = 4;
/** One in so many messages cannot be edited any more. */
const goneEvery = 7;

/** Where a process was told that a sink's message of a task is, with the event that was told last. */
export interface MessageReference {
  readonly sink: SinkName;
  readonly event: CloudEvent;
  readonly message: string;
  /** A full record has dropped it since. */
  isDropped?: boolean;
}

const keyOf = (sink: SinkName, { subject }: CloudEvent): string => `${sink} ${subject}`;

const storedIn = (record: Checkpoint | null, sink: SinkName, { subject }: CloudEvent): string | undefined =>
  record?.messages.get(taskId(subject))?.get(sink);

/** A sink is told exactly where its message of the task is, as far as its process can know. */
export function onTell(deeds: Deeds, sink: SinkName, event: CloudEvent, given: string | undefined): void {
  const told = deeds.told.get(keyOf(sink, event));
  const known = told?.message ?? storedIn(deeds.record, sink, event);
  if (given === known || (given === undefined && told?.isDropped)) return;
  // A record keeps so many, and its process knows what it had when it was loaded.
  if (known === undefined && deeds.bases.some((base) => storedIn(base, sink, event) === given)) return;
  throw new Violation("one message", `${event.id} goes to ${sink} with ${given}, its message is ${known}`);
}

/** A process learns what others have recorded, their messages of tasks that it has settled included. */
export function onLoad(deeds: Deeds, record: Checkpoint): void {
  deeds.bases.push(record);
  deeds.record = record;
  for (const [key, each] of deeds.told) {
    if (!isOwed(record, each) && storedIn(record, each.sink, each.event) !== undefined)
      deeds.told.delete(key);
  }
  noteDropped(deeds, record);
}

/** Beyond its bound a record drops the references told longest ago; a task whose reference is gone gets a new message. */
export function noteDropped({ told }: Deeds, record: Checkpoint): void {
  if (countOf(record) <= maxReferences - mostOfTask) return;
  for (const each of told.values()) {
    if (!isOwed(record, each) && storedIn(record, each.sink, each.event) === undefined) each.isDropped = true;
  }
}

const isOwed = ({ outbox }: Checkpoint, { sink, event }: MessageReference): boolean =>
  outbox.some((entry) => entry.event.id === event.id && entry.pending.has(sink));

/** What a sink that edits its messages says: where its message is now. */
export function referenceFor(
  deeds: Deeds | undefined,
  sink: SinkName,
  event: CloudEvent,
  given: string | undefined,
): string {
  const isGone = Date.parse(event.time) % goneEvery === 0;
  const message = given === undefined || isGone ? `${sink} of ${event.id}` : given;
  deeds?.told.set(keyOf(sink, event), { sink, event, message });
  return message;
}

/** What sinks said of their messages is in the record that settles the events, and only what may still be needed. */
export function checkMessages(previous: Checkpoint, next: Checkpoint, deeds: Deeds): void {
  // Deliveries go on while a commit is under way: what it does not settle yet, a later one does.
  const settled = [...deeds.told.values()].filter((each) => isOwed(previous, each) && !isOwed(next, each));
  const pending = new Set<string>(next.outbox.map(({ event }) => event.subject));
  const lives = (task: string): boolean =>
    next.known.has(taskId(task)) || (next.outage !== null && task === `reading-${next.outage.emittedMs}`);
  const isAlive = (task: string): boolean => pending.has(task) || lives(task);
  const isNeeded = (sink: SinkName, task: string): boolean =>
    lives(task) || next.outbox.some(({ event, pending }) => event.subject === task && pending.has(sink));
  if (countOf(next) > maxReferences)
    throw new Violation("bounded", `the record keeps ${countOf(next)} references`);
  for (const [task, bySink] of next.messages) {
    // While a sink has deliveries parked, its messages are kept for them.
    const isParked = bySink.keys().some((sink) => next.parked.has(sink));
    if (!isAlive(task) && !isParked)
      throw new Violation("bounded", `${task} is forgotten, its message is not`);
  }
  // Beyond the bound the oldest go, on the way perhaps more than the commit shows: those of one event to each sink.
  if (countOf(previous) + settled.length > maxReferences - mostOfTask) return;
  for (const [task, bySink] of previous.messages) {
    for (const sink of bySink.keys())
      if (isNeeded(sink, task) && !next.messages.get(task)?.has(sink))
        throw new Violation(
          "one message",
          `${task} still has events for ${sink}, and its message is forgotten`,
        );
  }
  for (const { sink, event, message } of settled) {
    if (isNeeded(sink, event.subject) && storedIn(next, sink, event) !== message)
      throw new Violation("one message", `${event.id} is settled with ${sink}, without its message`);
  }
}

const countOf = ({ messages }: Checkpoint): number =>
  messages.values().reduce((sum, { size }) => sum + size, 0);
