import type { Difference } from "../change/diff.ts";
import type { CloudEvent } from "../change/event.ts";
import { isOpen, isWatched, type KnownTask } from "../change/known.ts";
import type { Durations } from "../change/typical.ts";
import { isInWindow } from "../change/window.ts";
import { type SinkName, type TaskId, taskId } from "../core/names.ts";
import {
  type BreakerState,
  type Checkpoint,
  type Lease,
  type OutboxEntry,
  type PendingState,
  untried,
} from "./checkpoint.ts";
import { type Emitted, withMessages } from "./messages.ts";
import type { ParkedDelivery } from "./parked.ts";
import type { Room } from "./room.ts";

export type StartFrom = "now" | "all" | { readonly instantMs: number };

/**
 * A new stream's record. `now` reads back as far as an open task may lie, so that tasks under way are followed;
 * whatever had ended before this instant is no news.
 */
export function begin(startFrom: StartFrom, nowMs: number, maxOpenAgeMs: number): Checkpoint {
  return {
    watermarkMs: startFrom === "now" ? nowMs - maxOpenAgeMs : startFrom === "all" ? 0 : startFrom.instantMs,
    newestCreatedMs: null,
    baselineMs: startFrom === "now" ? nowMs : null,
    goneMs: null,
    known: new Map(),
    durations: new Map(),
    outbox: [],
    parked: new Map(),
    nextSequence: 1,
    lease: null,
    breakers: new Map(),
    messages: new Map(),
  };
}

export interface NewEvent {
  readonly event: CloudEvent;
  /** The sinks whose filters it passed. */
  readonly sinks: readonly SinkName[];
}

export interface Recording {
  readonly differences: readonly Difference[];
  readonly events: readonly NewEvent[];
  readonly watermarkMs: number;
  readonly newestCreatedMs: number | null;
  /** Whether this ends the first snapshot. */
  readonly baselineDone: boolean;
  readonly nowMs: number;
  readonly lease: Lease | null;
  readonly durations: Durations;
  /** What the outbox has room for. */
  readonly room: Room;
}

export interface Recorded {
  readonly next: Checkpoint;
  /** By sink, in order, what `next` has no room for: to be parked in the same commit. */
  readonly surplus: ReadonlyMap<SinkName, readonly ParkedDelivery[]>;
}

/**
 * Takes changes in: what is known, and what each sink is owed. Committed before any of it is delivered. A sink that has
 * deliveries parked gets its newer ones parked too, so that all of them keep their order.
 */
export function record(checkpoint: Checkpoint, recording: Recording): Recorded {
  const known = new Map(checkpoint.known);
  for (const { id, known: next } of recording.differences) known.set(id, next);
  forget(known, recording.watermarkMs);
  const surplus = new Map<SinkName, ParkedDelivery[]>();
  const isParking = (sink: SinkName): boolean => checkpoint.parked.has(sink) || surplus.has(sink);
  const entries = recording.events.map(({ event, sinks }, index): OutboxEntry => {
    const delivery = { sequence: checkpoint.nextSequence + index, event, committedAtMs: recording.nowMs };
    const pending = new Map<SinkName, PendingState>();
    for (const sink of sinks) {
      if (!isParking(sink) && recording.room.take(sink, event, pending.size > 0)) pending.set(sink, untried);
      else
        surplus
          .set(sink, surplus.get(sink) ?? [])
          .get(sink)
          ?.push(delivery);
    }
    return { ...delivery, pending };
  });
  const next = withEmitted([], {
    ...checkpoint,
    watermarkMs: recording.watermarkMs,
    newestCreatedMs: recording.newestCreatedMs,
    baselineMs: recording.baselineDone ? null : checkpoint.baselineMs,
    known,
    durations: recording.durations,
    outbox: [...checkpoint.outbox, ...entries.filter(({ pending }) => pending.size > 0)],
    nextSequence: checkpoint.nextSequence + entries.length,
    lease: recording.lease,
  });
  return { next, surplus };
}

/** Ended tasks outside the window cannot be listed again; vanished ones are forgotten once they are not looked up. */
function forget(known: Map<TaskId, KnownTask>, watermarkMs: number): void {
  for (const [id, task] of known) {
    if (!isOpen(task) && !isWatched(task) && !isInWindow(task.createdAtMs, watermarkMs)) known.delete(id);
  }
}

/** What became of one delivery. */
export interface Receipt {
  readonly sequence: number;
  readonly sink: SinkName;
  /** Null when it is settled: accepted or dead-lettered. */
  readonly pending: PendingState | null;
  /** Where the sink's message of the task is now; left out where it keeps none. */
  readonly message?: string;
}

/** Takes in what a run delivered. It fits any later version of the record, so a lost race costs no receipt. */
export function settle(checkpoint: Checkpoint, receipts: readonly Receipt[]): Checkpoint {
  if (receipts.length === 0) return checkpoint;
  const bySequence = Map.groupBy(receipts, ({ sequence }) => sequence);
  const told: Emitted[] = [];
  const outbox = checkpoint.outbox.flatMap((entry) => {
    const mine = bySequence.get(entry.sequence);
    if (!mine) return [entry];
    const pending = new Map(entry.pending);
    for (const { sink, pending: next, message } of mine) {
      if (message !== undefined) told.push({ task: taskId(entry.event.subject), sink, message });
      if (next === null) pending.delete(sink);
      else if (pending.has(sink)) pending.set(sink, next);
    }
    return pending.size === 0 ? [] : [{ ...entry, pending }];
  });
  return withEmitted(told, { ...checkpoint, outbox });
}

/** With the messages told, and none of a task that is forgotten and owed to nobody: it has no more changes. */
function withEmitted(told: readonly Emitted[], checkpoint: Checkpoint): Checkpoint {
  if (told.length === 0 && checkpoint.messages.size === 0) return checkpoint;
  const pending = new Set<string>(checkpoint.outbox.map(({ event }) => event.subject));
  // The record does not say whose deliveries are parked, only with which sinks.
  const isKept = (task: TaskId, sinks: Iterable<SinkName>): boolean =>
    checkpoint.known.has(task) ||
    pending.has(task) ||
    Iterator.from(sinks).some((sink) => checkpoint.parked.has(sink));
  return { ...checkpoint, messages: withMessages(checkpoint.messages, told, isKept) };
}

/** Remembers since when the stream's instance is gone; the same record where that is known. */
export const withGone = (checkpoint: Checkpoint, goneMs: number | null): Checkpoint =>
  checkpoint.goneMs === goneMs ? checkpoint : { ...checkpoint, goneMs };

export const withLease = (checkpoint: Checkpoint, lease: Lease | null): Checkpoint => ({
  ...checkpoint,
  lease,
});

/** Remembers which sinks fail, for the sinks named; one that is well again loses its record. */
export function withBreakers(
  checkpoint: Checkpoint,
  states: ReadonlyMap<SinkName, BreakerState | null>,
): Checkpoint {
  const trouble = new Map(checkpoint.breakers);
  for (const [sink, state] of states) {
    if (state === null) trouble.delete(sink);
    else trouble.set(sink, { ...state, sinceMs: trouble.get(sink)?.sinceMs ?? state.sinceMs });
  }
  return { ...checkpoint, breakers: trouble };
}

export interface Reinstated {
  readonly sequence: number;
  readonly sink: SinkName;
  readonly event: CloudEvent;
}

/** Owes dead letters again, each at its old place in the order, with fresh attempts and age. */
export function reinstate(checkpoint: Checkpoint, letters: readonly Reinstated[], nowMs: number): Checkpoint {
  const outbox = new Map(checkpoint.outbox.map((entry) => [entry.sequence, entry]));
  let { nextSequence } = checkpoint;
  for (const letter of letters) {
    const { sink, event } = letter;
    const occupant = outbox.get(letter.sequence);
    // After a reset the numbers begin anew: a foreign occupant sends the letter to the end.
    const sequence = occupant && occupant.event.id !== event.id ? nextSequence : letter.sequence;
    const pending = new Map(outbox.get(sequence)?.pending).set(sink, untried);
    outbox.set(sequence, { sequence, event, committedAtMs: nowMs, pending });
    nextSequence = Math.max(nextSequence, sequence + 1);
  }
  return {
    ...checkpoint,
    nextSequence,
    outbox: [...outbox.values()].sort((a, b) => a.sequence - b.sequence),
  };
}
