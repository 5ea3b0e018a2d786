import type { BreakerState } from "../checkpoint/checkpoint.ts";
import type { RateLimit } from "../delivery/rate-limit.ts";

const minuteMs = 60_000;
/**
 * SQS hides a message for at most twelve hours after its receive; the rest is for the batch itself.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
 */
const maxHiddenMs = 11.5 * 60 * minuteMs;
/** Longest time to hide messages of a failing sink, milliseconds; bounds how late its recovery is noticed. */
export const maxRestMs = 15 * minuteMs;
/**
 * Receives without a minimum delay; later ones are spaced by `seldomMs`. The queue's redrive policy moves a message
 * after 1,000 receives, which this spacing does not reach in fourteen days.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
 */
export const freeReceives = 300;
/** Minimum delay after `freeReceives` receives, milliseconds. */
export const seldomMs = 30 * minuteMs;

/** A message that was not delivered. */
export interface Waiting {
  readonly task: string;
  /** Receives so far, this one included. */
  readonly receives: number;
  /** When its next attempt is due, epoch milliseconds; null when it was not tried. */
  readonly dueMs: number | null;
}

/** State of the sink after a batch. */
export interface SinkState {
  readonly failure: BreakerState | null;
  readonly rate: RateLimit | null;
}

/**
 * Visibility timeouts of undelivered messages, whole seconds: until the next attempt is due or the sink may be tried
 * again. The longer a sink fails, the longer the timeout. No message becomes visible before an earlier one of its task.
 */
export function waitSeconds(
  waiting: readonly Waiting[],
  { failure, rate }: SinkState,
  nowMs: number,
): readonly number[] {
  const restsUntilMs = failure ? restedMs(waiting, failure, nowMs) : nowMs;
  const ofTask = new Map<string, number>();
  return waiting.map(({ task, receives, dueMs }) => {
    const ownMs = dueMs ?? Math.max(restsUntilMs, rate?.reserve(nowMs, nowMs + maxRestMs) ?? nowMs);
    const leastMs = receives > freeReceives ? nowMs + seldomMs : nowMs;
    const untilMs = Math.max(ownMs, leastMs, ofTask.get(task) ?? nowMs);
    ofTask.set(task, untilMs);
    return Math.ceil(Math.min(maxHiddenMs, untilMs - nowMs) / 1_000);
  });
}

/** Waits as long as the failure has lasted, within bounds, and not less than the sink asked for. */
function restedMs(
  waiting: readonly Waiting[],
  { sinceMs, notBeforeMs }: BreakerState,
  nowMs: number,
): number {
  const tried = waiting.flatMap(({ dueMs }) => dueMs ?? []);
  return Math.max(notBeforeMs, nowMs + Math.min(maxRestMs, nowMs - sinceMs), ...tried);
}
