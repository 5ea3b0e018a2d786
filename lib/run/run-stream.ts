import { setImmediate as turn } from "node:timers/promises";
import { withDeadline } from "../async/deadline.ts";
import type { CallOptions } from "../core/clock.ts";
import type { Page } from "../source/task-source.ts";
import type { Looks } from "./looks.ts";
import type { FollowTime, RunContext, StreamOutcome, StreamPlan } from "./plan.ts";
import { StreamRun } from "./stream-run.ts";

/** Progress callbacks; not called for steps that were not reached. */
export interface Milestones {
  /** A page of the stream was listed. */
  readonly listed?: (page: Page) => void;
  /** Events are durable in the outbox and given to the dispatchers. */
  readonly committed?: () => void;
  /** All changes are committed and only deliveries remain. Called repeatedly. */
  readonly draining?: (drain: Drain) => void;
}

/** A stream with only deliveries and looks left. */
export interface Drain {
  /** Approximate memory in use. */
  readonly bytes: number;
  /** Starts no more attempts and looks; they are left to the next run. */
  readonly leave: () => void;
}

/**
 * Runs one stream: load, list, diff, then commit and deliver concurrently, and settle. Followed until the end of
 * `follow`, it is read again while it has open tasks. After any failure the next run continues from the record. Never
 * rejects: an exception becomes the stream's error.
 */
export async function runStream(
  plan: StreamPlan,
  context: RunContext,
  options: CallOptions,
  milestones: Milestones = {},
  follow: FollowTime | null = null,
): Promise<StreamOutcome> {
  const stream = new StreamRun(plan, context, milestones.listed);
  try {
    if (!(await stream.load())) return stream.outcome();
    await stream.list(options);
  } catch (error) {
    stream.fail(error);
    return stream.outcome();
  }
  const looks = stream.looks(follow);
  while (await commitAndSettle(stream, looks, context, options, milestones)) {
    const look = looks.next(options);
    if (!look && !looks.hasFound) break;
    milestones.committed?.();
    milestones.draining?.({ bytes: stream.heldBytes, leave: () => looks.stop() });
    await look;
  }
  looks.stop();
  return stream.outcome();
}

/** Commits what the last look found, delivers, and releases the outbox. False after a failure. */
async function commitAndSettle(
  stream: StreamRun,
  looks: Looks,
  { clock }: RunContext,
  options: CallOptions,
  milestones: Milestones,
): Promise<boolean> {
  let isSound = true;
  const failed = (error: unknown): void => {
    isSound = false;
    stream.fail(error);
  };
  try {
    takeLook(stream, looks);
    const untilMs = stream.startDelivering();
    const maySend = (): boolean => clock.now() < untilMs - leastSendingMs;
    if (await commitMore(stream, true, true)) {
      await withDeadline(clock, untilMs, options, (bounded) =>
        commitAndDeliver(stream, looks, { bounded, whole: options, maySend }, milestones),
      );
    }
  } catch (error) {
    failed(error);
  }
  try {
    await stream.settle();
  } catch (error) {
    failed(error);
  }
  return isSound;
}

/** Time in which committed events must be sent, milliseconds; what a look finds later waits for the next lease. */
const leastSendingMs = 5_000;

interface DeliveryTime {
  /** Ends with the lease. */
  readonly bounded: CallOptions;
  readonly whole: CallOptions;
  /** Whether new events have time to be sent before the lease ends. */
  readonly maySend: () => boolean;
}

/** Commits what is next. Changes wait for room only while a sink makes some. False when nothing was worth a commit. */
const commitMore = async (stream: StreamRun, mayWait: boolean, areResting: boolean): Promise<boolean> =>
  (await stream.commitNext(mayWait)) ||
  (areResting && stream.uncommitted.isWaiting && (await stream.commitNext(false)));

function takeLook(stream: StreamRun, looks: Looks): void {
  const snapshot = looks.take();
  if (snapshot) stream.take(snapshot);
}

/**
 * Runs three loops concurrently: this one commits as fast as the store allows and sinks that keep up deliver; each
 * sink's dispatcher delivers what is committed; looks read the stream again.
 */
async function commitAndDeliver(
  stream: StreamRun,
  looks: Looks,
  { bounded, whole, maySend }: DeliveryTime,
  { committed, draining }: Milestones,
): Promise<void> {
  const deliveries = stream.openDeliveries(bounded);
  const leave = (): void => {
    looks.stop();
    deliveries.leave();
  };
  try {
    for (;;) {
      stream.giveTo(deliveries);
      committed?.();
      const { hasMore, isWaiting } = stream.uncommitted;
      if (!hasMore) draining?.({ bytes: stream.heldBytes, leave });
      // A store that answers at once must not starve the sinks.
      if (hasMore) await (isWaiting ? deliveries.catchUp() : turn());
      else await Promise.race([deliveries.progress(), looks.next(whole) ?? deliveries.progress()]);
      if (bounded.signal.aborted || deliveries.haveLeft) break;
      if (maySend()) takeLook(stream, looks);
      const { areResting, keepUp } = deliveries;
      stream.note(await deliveries.collect());
      if (!(await commitMore(stream, keepUp, areResting)) && areResting) break;
    }
  } finally {
    await deliveries.rest();
    stream.note(await deliveries.collect());
  }
  // A run that is stopped has read what waits: it is committed all the same.
  if (stream.uncommitted.isWaiting) while (stream.uncommitted.hasMore && (await stream.commitNext(false)));
}
