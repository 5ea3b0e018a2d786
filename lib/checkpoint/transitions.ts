import type { Difference } from "../change/diff.ts";
import type { CloudEvent } from "../change/event.ts";
import { readingId } from "../change/event.ts";
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
import { type Emitted, keptMessages, withMessages } from "./messages.ts";
import type { ParkedDelivery } from "./parked.ts";
import type { Room } from "./room.ts";

/** From when on a new stream's tasks are emitted. */
export type StartFrom = "now" | "all" | { readonly instantMs: number };

/**
 * Creates a new stream's record. `now` reads as far back as an open task may lie, so that running tasks are followed;
 * tasks that ended before this instant emit nothing.
 */
export function begin(startFrom: StartFrom, nowMs: number, maxOpenAgeMs: number): Checkpoint {
  return {
    watermarkMs: startFrom === "now" ? nowMs - maxOpenAgeMs : startFrom === "all" ? 0 : startFrom.instantMs,
    newestCreatedMs: null,
    baselineMs: startFrom === "now" ? nowMs : null,
    goneMs: null,
    instanceName: null,
    outage: null,
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

/** An event to add to the outbox. */
export interface NewEvent {
  readonly event: CloudEvent;
  /** Sinks whose filters the event passes. */
  readonly sinks: readonly SinkName[];
}

/** Input of `record`. */
export interface Recording {
  readonly differences: readonly Difference[];
  readonly events: readonly NewEvent[];
  readonly watermarkMs: number;
  readonly newestCreatedMs: number | null;
  /** Whether this completes the first snapshot. */
  readonly baselineDone: boolean;
  readonly nowMs: number;
  readonly lease: Lease | null;
  readonly durations: Durations;
  /** Remaining room of the outbox. */
  readonly room: Room;
}

/** Result of `record`. */
export interface Recorded {
  readonly next: Checkpoint;
  /** Deliveries without room in `next`, by sink, in order; to be parked with the same commit. */
  readonly surplus: ReadonlyMap<SinkName, readonly ParkedDelivery[]>;
}

/**
 * Records changes: the known tasks and the pending deliveries. Committed before any of them is delivered. A sink with
 * parked deliveries gets its newer ones parked too, which keeps their order.
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
  const next = {
    ...checkpoint,
    watermarkMs: recording.watermarkMs,
    newestCreatedMs: recording.newestCreatedMs,
    baselineMs: recording.baselineDone ? null : checkpoint.baselineMs,
    known,
    durations: recording.durations,
    outbox: [...checkpoint.outbox, ...entries.filter(({ pending }) => pending.size > 0)],
    nextSequence: checkpoint.nextSequence + entries.length,
    lease: recording.lease,
  };
  return { next, surplus };
}

/**
 * Forgets ended tasks outside the window, which cannot be listed again, and vanished tasks that are no longer looked
 * up.
 */
function forget(known: Map<TaskId, KnownTask>, watermarkMs: number): void {
  for (const [id, task] of known) {
    if (!isOpen(task) && !isWatched(task) && !isInWindow(task.createdAtMs, watermarkMs)) known.delete(id);
  }
}

/** Result of one delivery. */
export interface Receipt {
  readonly sequence: number;
  readonly sink: SinkName;
  /** Null when the delivery is complete: accepted or dead-lettered. */
  readonly pending: PendingState | null;
  /** Reference to the sink's message about the task; omitted when the sink keeps none. */
  readonly message?: string;
}

/** Applies the receipts of a run. It applies to any later version of the record, so a lost race costs no receipt. */
export function settle(checkpoint: Checkpoint, receipts: readonly Receipt[]): Checkpoint {
  if (receipts.length === 0) return checkpoint;
  const bySequence = Map.groupBy(receipts, ({ sequence }) => sequence);
  const emitted: Emitted[] = [];
  const outbox = checkpoint.outbox.flatMap((entry) => {
    const mine = bySequence.get(entry.sequence);
    if (!mine) return [entry];
    const pending = new Map(entry.pending);
    for (const { sink, pending: next, message } of mine) {
      if (message !== undefined) emitted.push({ task: taskId(entry.event.subject), sink, message });
      if (next === null) pending.delete(sink);
      else if (pending.has(sink)) pending.set(sink, next);
    }
    return pending.size === 0 ? [] : [{ ...entry, pending }];
  });
  return { ...checkpoint, outbox, messages: withMessages(checkpoint.messages, emitted) };
}

/**
 * Drops message references of forgotten tasks without pending deliveries, which have no more changes, and those beyond
 * the limit. The last step of a commit: what it emits or parks may need a reference still.
 */
export function withoutOldMessages(checkpoint: Checkpoint): Checkpoint {
  if (checkpoint.messages.size === 0) return checkpoint;
  const pending = new Set<string>(checkpoint.outbox.map(({ event }) => event.subject));
  // The record only says which sinks have parked deliveries, not for which tasks.
  const isKept = (task: TaskId, sinks: Iterable<SinkName>): boolean =>
    checkpoint.known.has(task) ||
    (checkpoint.outage !== null && task === readingId(checkpoint.outage.emittedMs)) ||
    pending.has(task) ||
    Iterator.from(sinks).some((sink) => checkpoint.parked.has(sink));
  return { ...checkpoint, messages: keptMessages(checkpoint.messages, isKept) };
}

/** Records when the stream's instance was found gone; returns the same record when nothing changed. */
export const withGone = (checkpoint: Checkpoint, goneMs: number | null): Checkpoint =>
  checkpoint.goneMs === goneMs ? checkpoint : { ...checkpoint, goneMs };

/** Sets or clears the lease of the outbox. */
export const withLease = (checkpoint: Checkpoint, lease: Lease | null): Checkpoint => ({
  ...checkpoint,
  lease,
});

/** Records the breaker states of the given sinks; a healthy sink's state is removed. */
export function withBreakers(
  checkpoint: Checkpoint,
  states: ReadonlyMap<SinkName, BreakerState | null>,
): Checkpoint {
  const breakers = new Map(checkpoint.breakers);
  for (const [sink, state] of states) {
    if (state === null) breakers.delete(sink);
    else breakers.set(sink, { ...state, sinceMs: breakers.get(sink)?.sinceMs ?? state.sinceMs });
  }
  return { ...checkpoint, breakers };
}

/** A dead letter to make pending again. */
export interface Reinstated {
  readonly sequence: number;
  readonly sink: SinkName;
  readonly event: CloudEvent;
}

/** Makes dead letters pending again, each at its old place in the order, with fresh attempts and age. */
export function reinstate(
  checkpoint: Checkpoint,
  deadLetters: readonly Reinstated[],
  nowMs: number,
): Checkpoint {
  const outbox = new Map(checkpoint.outbox.map((entry) => [entry.sequence, entry]));
  let { nextSequence } = checkpoint;
  for (const deadLetter of deadLetters) {
    const { sink, event } = deadLetter;
    const occupant = outbox.get(deadLetter.sequence);
    // After a reset, sequence numbers start again: when another event has the place, the dead letter goes to the end.
    const sequence = occupant && occupant.event.id !== event.id ? nextSequence : deadLetter.sequence;
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
