import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import type { EventId, SinkName } from "../../lib/core/names.ts";
import type { DeliveryEntry, EventEntry, JournalEntry } from "../../lib/journal/entry.ts";
import { type History, type Incarnation, pair, Violation } from "./history.ts";

/** What a commit wrote: records whole, with what is parked beside them. */
export interface JournaledCommit {
  readonly history: History;
  readonly incarnation: Incarnation;
  readonly previous: Checkpoint;
  readonly next: Checkpoint;
  readonly entries: readonly JournalEntry[];
}

/**
 * What the journal says of a commit is what the record and the sinks did: each new event with its bytes and its sinks, and
 * an end for each delivery that the record no longer owes.
 */
export function checkJournal({ history, incarnation, previous, next, entries }: JournaledCommit): void {
  const told = new Map<EventId, EventEntry>();
  const ended = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === "event") told.set(entry.event.id, entry);
    else {
      checkOutcome(history, incarnation, entry);
      if (entry.outcome === "accepted" || entry.outcome === "dead-lettered")
        ended.add(pair(entry.sink, entry.eventId));
    }
  }
  const made = next.nextSequence - previous.nextSequence;
  const isRedrive = entries.some((entry) => entry.kind === "delivery" && entry.outcome === "redriven");
  if (told.size !== made && !isRedrive)
    throw new Violation("journal", `${made} events were committed, and it has ${told.size}`);
  const before = owedBy(previous);
  const after = owedBy(next);
  for (const { sequence, event, pending } of next.outbox) {
    if (sequence < previous.nextSequence || isRedrive) continue;
    const entry = told.get(event.id);
    if (!entry || JSON.stringify(entry.event) !== JSON.stringify(event))
      throw new Violation("journal", `${event.id} was committed, and it has other bytes or none`);
    for (const sink of pending.keys())
      if (!entry.sinks.includes(sink))
        throw new Violation("journal", `${event.id} goes to ${sink}, and it does not say so`);
  }
  for (const key of before)
    if (!after.has(key) && !ended.has(key))
      throw new Violation("journal", `${key} is no longer owed, and it has no end`);
}

function checkOutcome(
  history: History,
  { lettered }: Incarnation,
  { sink, eventId, outcome }: DeliveryEntry,
): void {
  const key = pair(sink, eventId);
  if (outcome === "accepted" && !history.settledEver.has(key))
    throw new Violation("journal", `it says that ${key} was accepted, and the sink never took it`);
  if (outcome === "dead-lettered" && !lettered.has(key))
    throw new Violation("journal", `it says that ${key} was given up, and there is no dead letter`);
}

/** Deliveries that a record owes: `sink:event`. */
const owedBy = ({ outbox }: Checkpoint): ReadonlySet<string> =>
  new Set(
    outbox.flatMap(({ event, pending }) =>
      Array.from(pending.keys(), (sink: SinkName) => pair(sink, event.id)),
    ),
  );
