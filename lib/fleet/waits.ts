import type { CloudEvent } from "../change/event.ts";
import type { SinkTrouble } from "../checkpoint/checkpoint.ts";
import type { Receipt } from "../checkpoint/transitions.ts";

/** SQS hides a message for twelve hours at most. */
const maxSeconds = 12 * 60 * 60;

export interface Waits {
  /** How long the event's message stays hidden, in whole seconds. */
  secondsFor(event: CloudEvent): number;
}

/**
 * When each event of a batch that was not taken is due again. All of one task wait as long as the one that failed, so
 * that none becomes visible before it; an event that was not tried waits for the sink.
 */
export function waitsOf(
  batch: readonly { readonly event: CloudEvent }[],
  receipts: readonly Receipt[],
  trouble: SinkTrouble | null,
  nowMs: number,
): Waits {
  const dueMs = new Map<string, number>();
  for (const { sequence, owed } of receipts) {
    const subject = batch[sequence]?.event.subject;
    // One of a task at most: after a failure its later events are not tried.
    if (subject !== undefined && owed) dueMs.set(subject, owed.nextAttemptMs);
  }
  // Nothing failed: the batch's time was up, and what is left may come again at once.
  const sinkDueMs = trouble ? Math.max(trouble.notBeforeMs, ...dueMs.values()) : nowMs;
  return {
    secondsFor: ({ subject }) => {
      const waitMs = Math.max(0, (dueMs.get(subject) ?? sinkDueMs) - nowMs);
      return Math.min(maxSeconds, Math.ceil(waitMs / 1_000));
    },
  };
}
