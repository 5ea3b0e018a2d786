import type { CloudEvent } from "../change/event.ts";
import type { OutboxEntry } from "../checkpoint/checkpoint.ts";
import { StoreError } from "../core/errors.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import { failureReasons } from "../core/result.ts";
import { parseExactJson } from "../text/json.ts";
import { sealed, unsealed } from "../text/seal.ts";

/** Reasons why a delivery was abandoned. */
export const giveUpReasons = [...failureReasons, "too_many_attempts", "too_old", "sink_removed"] as const;

/** Why a delivery was abandoned. */
export type GiveUpReason = (typeof giveUpReasons)[number];

/** An abandoned delivery, kept with its reason until it is redriven, purged or expired. */
export interface DeadLetter {
  /** Stable id, so that writing it again replaces it. */
  readonly id: string;
  readonly stream: StreamKey;
  readonly sink: SinkName;
  readonly event: CloudEvent;
  /** Position in the stream's order, where a redrive puts the event back. */
  readonly sequence: number;
  readonly reason: GiveUpReason;
  /** The sink's message, shortened, without secrets. */
  readonly detail: string;
  readonly attempts: number;
  readonly givenUpAtMs: number;
}

/** Selects dead letters; omitted fields match all. */
export interface DeadLetterFilter {
  readonly sink?: SinkName;
  readonly id?: string;
  readonly reason?: string;
  /** Only those abandoned at or after this instant, epoch milliseconds. */
  readonly givenUpSinceMs?: number;
  /** Only those abandoned before this instant, epoch milliseconds. */
  readonly givenUpBeforeMs?: number;
}

/** Stores dead letters. Every method throws StoreError when the store is unavailable. */
export interface DeadLetterStore {
  /** Durable when it resolves; replaces dead letters of the same id. */
  put(deadLetters: readonly DeadLetter[]): Promise<void>;
  /** Sorted by age, oldest first. */
  list(filter: DeadLetterFilter): Promise<readonly DeadLetter[]>;
  remove(ids: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Whether a dead letter passes a filter. */
export const matchesFilter = (deadLetter: DeadLetter, filter: DeadLetterFilter): boolean =>
  (filter.sink === undefined || deadLetter.sink === filter.sink) &&
  (filter.id === undefined || deadLetter.id === filter.id) &&
  (filter.reason === undefined || deadLetter.reason === filter.reason) &&
  (filter.givenUpSinceMs === undefined || deadLetter.givenUpAtMs >= filter.givenUpSinceMs) &&
  (filter.givenUpBeforeMs === undefined || deadLetter.givenUpAtMs < filter.givenUpBeforeMs);

/** Number of dead letters of each sink that has any. */
export const countBySink = (deadLetters: readonly DeadLetter[]): ReadonlyMap<SinkName, number> =>
  new Map(
    Array.from(
      Map.groupBy(deadLetters, ({ sink }) => sink),
      ([sink, { length }]) => [sink, length],
    ),
  );

/** Why and when a delivery is abandoned. */
export interface GiveUp {
  readonly reason: GiveUpReason;
  readonly detail: string;
  readonly attempts: number;
  readonly nowMs: number;
}

/** Id of a dead letter: `{sink}:{event id}`. */
export const deadLetterId = (sink: SinkName, { id }: CloudEvent): string => `${sink}:${id}`;

/** Creates the dead letter of an abandoned delivery. */
export const deadLetterOf = (
  stream: StreamKey,
  sink: SinkName,
  entry: OutboxEntry,
  giveUp: GiveUp,
): DeadLetter => ({
  id: deadLetterId(sink, entry.event),
  stream,
  sink,
  event: entry.event,
  sequence: entry.sequence,
  reason: giveUp.reason,
  detail: giveUp.detail,
  attempts: giveUp.attempts,
  // A slow clock would date it before its event's commit, so it would expire too early.
  givenUpAtMs: Math.max(giveUp.nowMs, entry.committedAtMs),
});

/** Encodes a dead letter as JSON with a checksum, since a redrive delivers it as it is read. */
export const encodeDeadLetter = (deadLetter: DeadLetter): string => sealed(JSON.stringify(deadLetter));

/**
 * Decodes the dead letter stored under a key. `keyOf` returns the key of an id.
 * @throws StoreError `corrupt` when the text was altered, or is another dead letter
 */
export function decodeDeadLetter(text: string, key: string, keyOf = (id: string): string => id): DeadLetter {
  const json = unsealed(text);
  if (json === null) throw new StoreError("corrupt", `dead letter ${key}: it does not match its checksum`);
  const deadLetter = parseExactJson(json) as DeadLetter;
  if (keyOf(deadLetter.id) !== key)
    throw new StoreError("corrupt", `dead letter ${key}: it is another: ${deadLetter.id}`);
  return deadLetter;
}
