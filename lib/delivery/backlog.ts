import type { Checkpoint, OutboxEntry } from "../checkpoint/checkpoint.ts";
import type { Receipt } from "../checkpoint/transitions.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import { type DeadLetter, deadLetterOf, type GiveUpReason } from "./dead-letters.ts";
import { isTooOld, type RetryPolicy } from "./retry.ts";

/** Limits of an outbox's age and sinks. */
export interface BacklogLimits {
  readonly stream: StreamKey;
  /** Policies of every configured sink. */
  readonly policies: ReadonlyMap<SinkName, RetryPolicy>;
}

/** Instants of a run, epoch milliseconds. */
export interface BacklogMoment {
  /** Pending events' ages are taken then; negative infinity while no API confirms the clock. */
  readonly agingMs: number;
  readonly nowMs: number;
}

/** Deliveries that must leave the outbox: their dead letters and receipts. */
export interface Excess {
  readonly deadLetters: readonly DeadLetter[];
  readonly receipts: readonly Receipt[];
}

/**
 * Finds deliveries that must leave the outbox: events that are too old, and those of removed sinks. Each becomes a dead
 * letter, so nothing is dropped silently.
 */
export function excessOf(
  { stream, policies }: BacklogLimits,
  { outbox }: Pick<Checkpoint, "outbox">,
  { agingMs, nowMs }: BacklogMoment,
): Excess {
  const deadLetters: DeadLetter[] = [];
  const receipts: Receipt[] = [];
  const giveUp = (sink: SinkName, entry: OutboxEntry, reason: GiveUpReason, detail: string): void => {
    const attempts = entry.pending.get(sink)?.attempts ?? 0;
    deadLetters.push(deadLetterOf(stream, sink, entry, { reason, detail, attempts, nowMs }));
    receipts.push({ sequence: entry.sequence, sink, pending: null });
  };
  for (const entry of outbox) {
    for (const sink of entry.pending.keys()) {
      const policy = policies.get(sink);
      if (!policy) giveUp(sink, entry, "sink_removed", "the sink is no longer configured");
      else if (isTooOld(agingMs - entry.committedAtMs, policy))
        giveUp(sink, entry, "too_old", "it is older than the limit");
    }
  }
  return { deadLetters, receipts };
}
