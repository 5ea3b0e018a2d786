import { withDeadline } from "../async/deadline.ts";
import type { CallOptions } from "../core/clock.ts";
import type { RunContext, StreamOutcome, StreamPlan } from "./plan.ts";
import { StreamRun } from "./stream-run.ts";

/** Told how far the run of a stream has come; what fails earlier tells nothing. */
export interface Milestones {
  /** So many events are owed, are durable, and are with the dispatchers. */
  readonly committed?: (owed: number) => void;
}

/**
 * One run of one stream: load, list, diff, commit, deliver, settle. Whatever stops it leaves a record from which the
 * next run goes on. Never rejects: a defect is the stream's error too.
 */
export async function runStream(
  plan: StreamPlan,
  context: RunContext,
  options: CallOptions,
  { committed }: Milestones = {},
): Promise<StreamOutcome> {
  const stream = new StreamRun(plan, context);
  try {
    if (!(await stream.load())) return stream.outcome();
    await stream.list(options);
    const untilMs = stream.startDelivering();
    await stream.commitChanges();
    if (stream.holdsOutbox() || stream.hasMoreToCommit()) {
      await withDeadline(context.clock, untilMs, options, async (bounded) => {
        for (;;) {
          const delivered = stream.deliver(bounded);
          committed?.(stream.owed);
          await delivered;
          if (!stream.hasMoreToCommit() || bounded.signal.aborted) break;
          await stream.commitChanges();
        }
      });
    }
    await stream.settle();
  } catch (error) {
    stream.fail(error);
  }
  return stream.outcome();
}
