import type { CloudEvent } from "../change/event.ts";
import type { KnownTask } from "../change/known.ts";
import type { Durations } from "../change/typical.ts";
import type { RunId, SinkName, TaskId } from "../core/names.ts";
import type { FailureReason } from "../core/result.ts";
import type { Messages } from "./messages.ts";
import type { ParkedBatch } from "./parked.ts";

/** State of one event's delivery to one sink. */
export interface PendingState {
  readonly attempts: number;
  /** Epoch milliseconds before which no attempt is made. */
  readonly nextAttemptMs: number;
}

/** State of a delivery that was never tried. */
export const untried: PendingState = { attempts: 0, nextAttemptMs: 0 };

/** An event with its pending deliveries. */
export interface OutboxEntry {
  /** Position in the stream's order; later changes have greater numbers. */
  readonly sequence: number;
  readonly event: CloudEvent;
  readonly committedAtMs: number;
  readonly pending: ReadonlyMap<SinkName, PendingState>;
}

/** Start and words of a platform's refusal. They are stored, so they are bounded and hold no secrets. */
export interface Refused {
  /** Since when it refuses, epoch milliseconds. */
  readonly sinceMs: number;
  /** One line of at most 300 characters. */
  readonly message: string;
  /** HTTP status of the response; null without one. */
  readonly httpStatus: number | null;
}

/**
 * State of a sink that refuses deliveries. A healthy sink has none.
 *
 * - `retrying`: it refuses some deliveries and accepts others; its breaker is closed.
 * - `failing`: it refuses all; one delivery a run goes as a probe.
 * - `blocked`: like `failing`, until an operator fixes the sink.
 */
export interface BreakerState extends Refused {
  readonly kind: "retrying" | "failing" | "blocked";
  readonly reason: FailureReason;
  /** Epoch milliseconds before which the sink asked not to be tried (Retry-After). */
  readonly notBeforeMs: number;
}

/** A time in which a stream cannot be read. */
export interface Outage extends Refused {
  /** Why: the source's reason, or an error's code. */
  readonly code: string;
  /** Begin of the outage as its event names it, epoch milliseconds; null while no event was emitted. */
  readonly emittedMs: number | null;
}

/** The run that may deliver this outbox. It expires only when none of the run's requests can still be in flight. */
export interface Lease {
  readonly run: RunId;
  readonly untilMs: number;
}

/** A stream's durable record. Transitions never modify it; each returns a new one. */
export interface Checkpoint {
  /** Epoch milliseconds from which the next poll must read; it only moves back when a wrong clock had set it. */
  readonly watermarkMs: number;
  /** Creation time of the newest task seen, epoch milliseconds; null before the first. */
  readonly newestCreatedMs: number | null;
  /**
   * Set until the first snapshot is recorded: tasks that ended before this instant emit nothing. Null: all tasks are
   * emitted.
   */
  readonly baselineMs: number | null;
  /** When the API or a complete list of its instances first reported the instance gone; null while it exists. */
  readonly goneMs: number | null;
  /** Name of the instance where it was last known; null before. */
  readonly instanceName: string | null;
  /** Set while the stream cannot be read. */
  readonly outage: Outage | null;
  readonly known: ReadonlyMap<TaskId, KnownTask>;
  readonly durations: Durations;
  /** Ordered by sequence. */
  readonly outbox: readonly OutboxEntry[];
  /**
   * Batches parked outside the record, by sink, oldest first. They are all younger than the sink's deliveries in the
   * outbox.
   */
  readonly parked: ReadonlyMap<SinkName, readonly ParkedBatch[]>;
  readonly nextSequence: number;
  readonly lease: Lease | null;
  readonly breakers: ReadonlyMap<SinkName, BreakerState>;
  /** Messages of tasks that are known, have pending deliveries, or belong to a sink with parked deliveries. */
  readonly messages: Messages;
}
