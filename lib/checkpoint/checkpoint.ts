import type { CloudEvent } from "../change/event.ts";
import type { KnownTask } from "../change/known.ts";
import type { Durations } from "../change/typical.ts";
import type { RunId, SinkName, TaskId } from "../core/names.ts";
import type { FailureReason } from "../core/result.ts";
import type { Messages } from "./messages.ts";
import type { ParkedBatch } from "./parked.ts";

/** What a sink is still owed of one event. */
export interface PendingState {
  readonly attempts: number;
  /** No attempt before this instant. */
  readonly nextAttemptMs: number;
}

export const untried: PendingState = { attempts: 0, nextAttemptMs: 0 };

export interface OutboxEntry {
  /** The event's place in its stream's order; later changes have greater numbers. */
  readonly sequence: number;
  readonly event: CloudEvent;
  readonly committedAtMs: number;
  readonly pending: ReadonlyMap<SinkName, PendingState>;
}

/** A sink that is failing. A healthy sink has no record. */
export interface BreakerState {
  readonly kind: "failing" | "blocked";
  readonly reason: FailureReason;
  readonly sinceMs: number;
  /** The sink asked (Retry-After) not to be tried before this instant. */
  readonly notBeforeMs: number;
}

/** The run that may deliver this outbox, until an instant later than any request it can still have in flight. */
export interface Lease {
  readonly run: RunId;
  readonly untilMs: number;
}

/** A stream's durable record. Every transition returns a new one. */
export interface Checkpoint {
  /** The instant from which the next poll must read; it never moves back. */
  readonly watermarkMs: number;
  /** Creation of the newest task seen; null before the first. */
  readonly newestCreatedMs: number | null;
  /** Set until the first snapshot is recorded: tasks that had ended before this instant are no news. Null for "tell all". */
  readonly baselineMs: number | null;
  /** When the API, or a whole list of its instances, first said that the instance is gone; null while it is there. */
  readonly goneMs: number | null;
  readonly known: ReadonlyMap<TaskId, KnownTask>;
  readonly durations: Durations;
  /** In sequence order. */
  readonly outbox: readonly OutboxEntry[];
  /** By sink, what waits beside the record, oldest first: all of it is younger than what the outbox owes the sink. */
  readonly parked: ReadonlyMap<SinkName, readonly ParkedBatch[]>;
  readonly nextSequence: number;
  readonly lease: Lease | null;
  readonly breakers: ReadonlyMap<SinkName, BreakerState>;
  /** Of tasks that are known, or still owed to some sink, or told to a sink that has deliveries parked. */
  readonly messages: Messages;
}
