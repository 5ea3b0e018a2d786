import type { CloudEvent } from "../change/event.ts";
import { type EventId, type SinkName, type StreamKey, type TaskId, taskId } from "../core/names.ts";
import type { DeliveryResult } from "../core/result.ts";
import { oneLine } from "../text/one-line.ts";

/** An event, as it was committed to its stream's record. */
export interface EventEntry {
  readonly kind: "event";
  /** When it was committed, epoch milliseconds. */
  readonly atMs: number;
  readonly stream: StreamKey;
  readonly event: CloudEvent;
  /** The sinks it goes to: those whose filters it passes. */
  readonly sinks: readonly SinkName[];
}

/**
 * Outcomes of a delivery: the sink took the event (`accepted`), another attempt follows (`retried`, or `blocked` when an
 * operator must fix the sink), it was abandoned (`dead-lettered`), or an operator made it pending again (`redriven`).
 */
export const deliveryOutcomes = ["accepted", "retried", "blocked", "dead-lettered", "redriven"] as const;

/** Outcome of a delivery. */
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

/** One attempt to deliver an event to a sink, or the end of the delivery. */
export interface DeliveryEntry {
  readonly kind: "delivery";
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly stream: StreamKey;
  readonly eventId: EventId;
  readonly task: TaskId;
  /** The status that the event states. */
  readonly status: string;
  readonly sink: SinkName;
  /** Attempts so far over all runs; 0 when it was abandoned before the first. */
  readonly attempt: number;
  readonly outcome: DeliveryOutcome;
  /** Why it was not accepted; null when it was. */
  readonly reason: string | null;
  /** The sink's message, one line, secrets masked; null when it was accepted. */
  readonly detail: string | null;
  /** HTTP status of the response; null without one, and when it was accepted. */
  readonly httpStatus: number | null;
  /** Whether it belongs to a replay, which leaves the stream's record alone. */
  readonly isReplay?: true;
}

/** One line of the journal. */
export type JournalEntry = EventEntry | DeliveryEntry;

/** Outcome of a delivery, for its entry. */
export interface Happened {
  readonly atMs: number;
  readonly stream: StreamKey;
  readonly event: CloudEvent;
  readonly sink: SinkName;
  readonly attempt: number;
  readonly outcome: DeliveryOutcome;
  /** Why it was not accepted; null when it was. */
  readonly failure: { readonly reason: string; readonly detail: string; readonly status?: number } | null;
}

/** Creates the entry of a delivery. */
export const deliveryEntry = ({
  atMs,
  stream,
  event,
  sink,
  attempt,
  outcome,
  failure,
}: Happened): DeliveryEntry => ({
  kind: "delivery",
  atMs,
  stream,
  sink,
  attempt,
  outcome,
  eventId: event.id,
  task: taskId(event.subject),
  status: event.data.change.to,
  reason: failure?.reason ?? null,
  // A custom sink may say anything, at any length.
  detail: failure && oneLine(failure.detail),
  httpStatus: failure?.status ?? null,
});

/** Outcome of an attempt that did not end in a dead letter. */
export const outcomeOf = ({ kind }: DeliveryResult): DeliveryOutcome =>
  kind === "accepted" || kind === "blocked" ? kind : "retried";

/** The task that an entry is about. */
export const taskOf = (entry: JournalEntry): TaskId =>
  entry.kind === "event" ? taskId(entry.event.subject) : entry.task;
