import { type Difference, type DiffRules, diffGone, diffLost } from "../change/diff.ts";
import { isOpen } from "../change/known.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { withGone } from "../checkpoint/transitions.ts";
import type { Snapshot } from "./snapshot.ts";

/** Two answers so far apart do not come from one moment's fault. */
const surelyGoneAfterMs = 60_000;

/** What a run heard of its instance: when it was said to be gone, null where it is there, undefined where neither was said. */
export type GoneWord = number | null | undefined;

const openTasks = ({ known }: Checkpoint) => known.entries().filter(([, task]) => isOpen(task));

/** The record with one more word of its instance. Only a record with open tasks remembers the first that says it is gone. */
export function withWord(checkpoint: Checkpoint, word: GoneWord): Checkpoint {
  if (word === undefined) return checkpoint;
  if (word === null) return withGone(checkpoint, null);
  const isAsked = checkpoint.goneMs === null && openTasks(checkpoint).some(() => true);
  return isAsked ? withGone(checkpoint, word) : checkpoint;
}

/** The snapshot of an instance that was said to be gone twice, at least a minute apart: no task is there any more. */
export function goneSnapshot(checkpoint: Checkpoint, saidMs: number, nowMs: number): Snapshot | null {
  if (checkpoint.goneMs === null || saidMs - checkpoint.goneMs < surelyGoneAfterMs) return null;
  return {
    beginMs: 0,
    count: 0,
    unreadable: 0,
    tasks: new Map(),
    gone: new Set(),
    // The window stays: an instance that is restored shows its tasks again.
    unreadMs: [checkpoint.watermarkMs],
    clockSkewMs: 0,
    apiNowMs: nowMs,
  };
}

/** What the end of its instance means for each open task, oldest first. */
export const lostDifferences = (checkpoint: Checkpoint, rules: DiffRules): readonly Difference[] =>
  [...openTasks(checkpoint)]
    .flatMap(([id, known]) => diffLost(id, known, rules) ?? diffGone(id, known, rules) ?? [])
    .sort((a, b) => a.known.createdAtMs - b.known.createdAtMs);
