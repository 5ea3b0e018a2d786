import { setImmediate as turn } from "node:timers/promises";
import { withDeadline } from "../async/deadline.ts";
import type { CallOptions } from "../core/clock.ts";
import type { RunContext, StreamOutcome, StreamPlan } from "./plan.ts";
import { StreamRun } from "./stream-run.ts";

/** Progress callbacks; not called for steps that were not reached. */
export interface Milestones {
  /** Events are durable in the outbox and given to the dispatchers. */
  readonly committed?: () => void;
  /** All changes are committed and only deliveries remain. Called repeatedly. */
  readonly draining?: (drain: Drain) => void;
}

/** A stream with only deliveries left. */
export interface Drain {
  /** Approximate memory in use. */
  readonly bytes: number;
  /** Starts no more attempts; they are left to the next run. */
  readonly leave: () => void;
}

/**
 * Runs one stream: load, list, diff, then commit and deliver concurrently, and settle. After any failure the next run
 * continues from the record. Never rejects: an exception becomes the stream's error.
 */
export async function runStream(
  plan: StreamPlan,
  context: RunContext,
  options: CallOptions,
  milestones: Milestones = {},
): Promise<StreamOutcome> {
  const stream = new StreamRun(plan, context);
  try {
    if (!(await stream.load())) return stream.outcome();
    await stream.list(options);
    const untilMs = stream.startDelivering();
    if (await stream.commitNext()) {
      await withDeadline(context.clock, untilMs, options, (bounded) =>
        commitAndDeliver(stream, bounded, milestones),
      );
    }
  } catch (error) {
    stream.fail(error);
  }
  try {
    await stream.settle();
  } catch (error) {
    stream.fail(error);
  }
  return stream.outcome();
}

/**
 * Runs two loops concurrently: this one commits as fast as the store allows; each sink's dispatcher delivers what is
 * committed. Neither waits for the other until nothing is left to commit.
 */
async function commitAndDeliver(
  stream: StreamRun,
  options: CallOptions,
  { committed, draining }: Milestones,
): Promise<void> {
  const deliveries = stream.openDeliveries(options);
  try {
    for (;;) {
      stream.giveTo(deliveries);
      committed?.();
      if (!stream.hasMoreToCommit) draining?.({ bytes: stream.heldBytes, leave: () => deliveries.leave() });
      // A store that answers at once must not starve the sinks.
      if (stream.hasMoreToCommit) await turn();
      else await deliveries.progress();
      if (options.signal.aborted || deliveries.haveLeft) break;
      const { areResting } = deliveries;
      stream.note(await deliveries.collect());
      if (!(await stream.commitNext()) && areResting) break;
    }
  } finally {
    await deliveries.rest();
    stream.note(await deliveries.collect());
  }
}
