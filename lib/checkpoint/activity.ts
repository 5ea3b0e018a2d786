import { isOpen } from "../change/known.ts";
import type { StreamKey } from "../core/names.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { owes } from "./pending.ts";

/** The activity of a stream that owes a delivery: later than any clock. */
export const owingMs = Number.MAX_SAFE_INTEGER;
/** The activity of a stream that owes nothing and has an open task: later than any clock, and before `owingMs`. */
export const openMs = owingMs - 1;
/** Later than any clock, and before the activity of every busy stream: what to ask the index for those alone. */
export const anyClockMs = openMs - 1;

/** Whether a delivery is owed, or a task is open. */
export const isBusy = (activeMs: number): boolean => activeMs > anyClockMs;

/** When a stream last gave reason to be polled soon: `owingMs`, `openMs`, or the instant of its last commit. */
export function lastActiveMs(checkpoint: Checkpoint, nowMs: number): number {
  if (owes(checkpoint)) return owingMs;
  return checkpoint.known.values().some(isOpen) ? openMs : nowMs;
}

/** Which streams were active, without a look at their records. */
export interface ActivityIndex {
  /**
   * The streams that are busy or were active after the instant, each with its last activity. It may lag behind the
   * records by moments.
   * @throws StoreError
   */
  activeSince(ms: number): Promise<ReadonlyMap<StreamKey, number>>;
}
