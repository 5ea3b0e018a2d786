import type { Checkpoint, OutboxEntry } from "../checkpoint/checkpoint.ts";
import type { Receipt } from "../checkpoint/transitions.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import { type DeadLetter, type GiveUpReason, letterOf } from "./dead-letters.ts";
import { isTooOld, type RetryPolicy } from "./retry.ts";

export interface BacklogLimits {
  /** Of every configured sink. */
  readonly policies: ReadonlyMap<SinkName, RetryPolicy>;
  /** Events a sink may be owed in one stream. */
  readonly maxBacklog: number;
}

export interface Excess {
  readonly letters: readonly DeadLetter[];
  readonly receipts: readonly Receipt[];
}

/**
 * What the outbox must not hold any longer: events too old, the oldest beyond a sink's backlog, and those owed to a
 * sink that is no longer configured. Each becomes a dead letter, so that nothing is dropped in silence.
 */
export function excessOf(
  stream: StreamKey,
  checkpoint: Checkpoint,
  limits: BacklogLimits,
  nowMs: number,
): Excess {
  const letters: DeadLetter[] = [];
  const receipts: Receipt[] = [];
  const giveUp = (sink: SinkName, entry: OutboxEntry, reason: GiveUpReason, detail: string): void => {
    const attempts = entry.owed.get(sink)?.attempts ?? 0;
    letters.push(letterOf(stream, sink, entry, { reason, detail, attempts, nowMs }));
    receipts.push({ sequence: entry.sequence, sink, owed: null });
  };
  const kept = new Map<SinkName, OutboxEntry[]>();
  for (const entry of checkpoint.outbox) {
    for (const sink of entry.owed.keys()) {
      const policy = limits.policies.get(sink);
      if (!policy) giveUp(sink, entry, "sink_removed", "the sink is no longer configured");
      else if (isTooOld(nowMs - entry.committedAtMs, policy))
        giveUp(sink, entry, "too_old", "its age is over the limit");
      else {
        const entries = kept.get(sink);
        if (entries) entries.push(entry);
        else kept.set(sink, [entry]);
      }
    }
  }
  for (const [sink, entries] of kept) {
    const surplus = Math.max(0, entries.length - limits.maxBacklog);
    for (const entry of entries.slice(0, surplus)) {
      giveUp(sink, entry, "over_backlog", `more than ${limits.maxBacklog} events wait for the sink`);
    }
  }
  return { letters, receipts };
}
