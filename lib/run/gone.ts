import { type Difference, type DiffRules, diffGone, diffLost } from "../change/diff.ts";
import { isOpen } from "../change/known.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { withGone } from "../checkpoint/transitions.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * Minimum time between two reports that an instance is gone, milliseconds, so that a momentary fault does not count.
 */
const surelyGoneAfterMs = 60_000;

/** A run's report about its instance: when it was reported gone, null when it exists, undefined when unknown. */
export type GoneReport = number | null | undefined;

const openTasks = ({ known }: Checkpoint) => known.entries().filter(([, task]) => isOpen(task));

/** Records a report about the instance. Only a record with open tasks remembers the first report that it is gone. */
export function withGoneReport(checkpoint: Checkpoint, report: GoneReport): Checkpoint {
  if (report === undefined) return checkpoint;
  if (report === null) return withGone(checkpoint, null);
  const isAsked = checkpoint.goneMs === null && openTasks(checkpoint).some(() => true);
  return isAsked ? withGone(checkpoint, report) : checkpoint;
}

/** Snapshot of an instance reported gone twice, at least a minute apart, so without tasks; null otherwise. */
export function goneSnapshot(checkpoint: Checkpoint, saidMs: number, nowMs: number): Snapshot | null {
  if (checkpoint.goneMs === null || saidMs - checkpoint.goneMs < surelyGoneAfterMs) return null;
  return {
    beginMs: 0,
    count: 0,
    unreadable: 0,
    tasks: new Map(),
    gone: new Set(),
    // The watermark stays: a restored instance shows its tasks again.
    unreadMs: [checkpoint.watermarkMs],
    clockSkewMs: 0,
    apiNowMs: nowMs,
  };
}

/** Differences of each open task when its instance is gone, oldest first. */
export const lostDifferences = (checkpoint: Checkpoint, rules: DiffRules): readonly Difference[] =>
  [...openTasks(checkpoint)]
    .flatMap(([id, known]) => diffLost(id, known, rules) ?? diffGone(id, known, rules) ?? [])
    .sort((a, b) => a.known.createdAtMs - b.known.createdAtMs);
