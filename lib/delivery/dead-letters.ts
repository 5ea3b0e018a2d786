import type { CloudEvent } from "../change/event.ts";
import type { OutboxEntry } from "../checkpoint/checkpoint.ts";
import { StoreError } from "../core/errors.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import type { FailureReason } from "../core/result.ts";
import { parseExactJson } from "../text/json.ts";
import { sealed, unsealed } from "../text/seal.ts";

/** Why a delivery was given up. */
export type GiveUpReason = FailureReason | "too_many_attempts" | "too_old" | "sink_removed";

/** A delivery given up on, kept with its reason until it is redriven or purged. */
export interface DeadLetter {
  /** The same however often it is written. */
  readonly id: string;
  readonly stream: StreamKey;
  readonly sink: SinkName;
  readonly event: CloudEvent;
  /** The event's place in its stream's order, so that a redrive brings it back where it was. */
  readonly sequence: number;
  readonly reason: GiveUpReason;
  /** What the sink said, shortened, with secrets left out. */
  readonly detail: string;
  readonly attempts: number;
  readonly givenUpAtMs: number;
}

export interface DeadLetterFilter {
  readonly sink?: SinkName;
  readonly id?: string;
  /** Only those given up before this instant. */
  readonly givenUpBeforeMs?: number;
}

/** Every method throws StoreError when the store cannot answer. */
export interface DeadLetterStore {
  /** Durable when it resolves; a letter of the same id is replaced. */
  put(letters: readonly DeadLetter[]): Promise<void>;
  /** Oldest first. */
  list(filter: DeadLetterFilter): Promise<readonly DeadLetter[]>;
  remove(ids: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export const matchesFilter = (letter: DeadLetter, filter: DeadLetterFilter): boolean =>
  (filter.sink === undefined || letter.sink === filter.sink) &&
  (filter.id === undefined || letter.id === filter.id) &&
  (filter.givenUpBeforeMs === undefined || letter.givenUpAtMs < filter.givenUpBeforeMs);

export interface GiveUp {
  readonly reason: GiveUpReason;
  readonly detail: string;
  readonly attempts: number;
  readonly nowMs: number;
}

/** `{sink}:{event id}`. */
export const deadLetterId = (sink: SinkName, { id }: CloudEvent): string => `${sink}:${id}`;

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
  // By a clock that is behind it would lie before its event's commit, and be old as soon as the clock is right.
  givenUpAtMs: Math.max(giveUp.nowMs, entry.committedAtMs),
});

/** A letter as a store keeps it: JSON with a checksum, since a redrive delivers what is read. */
export const encodeLetter = (letter: DeadLetter): string => sealed(JSON.stringify(letter));

/** @throws StoreError `corrupt` when the text is not what was written */
export function decodeLetter(text: string, id: string): DeadLetter {
  const json = unsealed(text);
  if (json === null) throw new StoreError("corrupt", `dead letter ${id}: it does not match its checksum`);
  return parseExactJson(json) as DeadLetter;
}
