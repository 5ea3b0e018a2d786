import type { BreakerState } from "../checkpoint/checkpoint.ts";
import type { RateLimit } from "../delivery/rate-limit.ts";

const minuteMs = 60_000;
/** SQS hides a message for twelve hours from its receive on, at most: this much, and the batch's own time. */
const maxHiddenMs = 11.5 * 60 * minuteMs;
/** A hidden message cannot be tried, so a sink that is well again is found out no later than this. */
export const maxRestMs = 15 * minuteMs;
/**
 * SQS gives a message up after 1,000 receives. So the first few hundred may come as they like, and the others so seldom
 * that fourteen days have not enough of them.
 */
export const freeReceives = 300;
export const seldomMs = 30 * minuteMs;

/** A message that was not taken. */
export interface Waiting {
  readonly task: string;
  /** How often it was received, this time included. */
  readonly receives: number;
  /** When its next attempt is due; null where it was not tried. */
  readonly dueMs: number | null;
}

/** What is known of the sink after a batch. */
export interface SinkState {
  readonly trouble: BreakerState | null;
  readonly rate: RateLimit | null;
}

/**
 * How long each message of a batch that was not taken stays hidden, in whole seconds: until its next attempt, or until
 * the sink may be tried again. A sink that has failed for long is asked seldom. No message becomes visible before an
 * earlier one of its task.
 */
export function waitSeconds(
  waiting: readonly Waiting[],
  { trouble, rate }: SinkState,
  nowMs: number,
): readonly number[] {
  const restsUntilMs = trouble ? restedMs(waiting, trouble, nowMs) : nowMs;
  const ofTask = new Map<string, number>();
  return waiting.map(({ task, receives, dueMs }) => {
    const ownMs = dueMs ?? Math.max(restsUntilMs, rate?.reserve(nowMs, nowMs + maxRestMs) ?? nowMs);
    const leastMs = receives > freeReceives ? nowMs + seldomMs : nowMs;
    const untilMs = Math.max(ownMs, leastMs, ofTask.get(task) ?? nowMs);
    ofTask.set(task, untilMs);
    return Math.ceil(Math.min(maxHiddenMs, untilMs - nowMs) / 1_000);
  });
}

/** As long again as the trouble has lasted, within bounds, and not before the sink may be tried. */
function restedMs(
  waiting: readonly Waiting[],
  { sinceMs, notBeforeMs }: BreakerState,
  nowMs: number,
): number {
  const tried = waiting.flatMap(({ dueMs }) => dueMs ?? []);
  return Math.max(notBeforeMs, nowMs + Math.min(maxRestMs, nowMs - sinceMs), ...tried);
}
