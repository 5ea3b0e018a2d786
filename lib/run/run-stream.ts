import { setImmediate as turn } from "node:timers/promises";
import { withDeadline } from "../async/deadline.ts";
import type { CallOptions } from "../core/clock.ts";
import type { RunContext, StreamOutcome, StreamPlan } from "./plan.ts";
import { StreamRun } from "./stream-run.ts";

/** Progress callbacks; not called for steps that were not reached. */
export interface Milestones {
  /** Events are in the outbox, are durable, and are with the dispatchers. */
  readonly committed?: () => void;
  /** All changes are committed: the stream only delivers. Called again as it goes on. */
  readonly draining?: (drain: Drain) => void;
}

/** A stream that only delivers. */
export interface Drain {
  /** About what it holds in memory. */
  readonly bytes: number;
  /** Has it begin no more attempts: the next run makes them. */
  readonly leave: () => void;
}

/**
 * One run of one stream: load, list, diff, then commit and deliver side by side, and settle. Whatever stops it leaves a
 * record from which the next run goes on. Never rejects: a defect is the stream's error too.
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
 * Two loops: this one makes commit after commit, as fast as the store takes it; each sink has its own, in its
 * dispatcher, and drains what is committed. Neither waits for the other until there is nothing left to commit.
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
      // A store that answers at once must leave the sinks their turns.
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
