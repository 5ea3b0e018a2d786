import { isOpen } from "../change/known.ts";
import type { StreamKey } from "../core/names.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { owes } from "./pending.ts";

/** Activity of a stream with pending deliveries: later than any clock. */
export const owingMs = Number.MAX_SAFE_INTEGER;
/**
 * Activity of a stream without pending deliveries but with an open task: later than any clock, earlier than `owingMs`.
 */
export const openMs = owingMs - 1;
/** Later than any clock, earlier than the activity of every busy stream; asks the index for busy streams only. */
export const anyClockMs = openMs - 1;

/** Whether a stream has pending deliveries or an open task. */
export const isBusy = (activeMs: number): boolean => activeMs > anyClockMs;

/** A stream's activity: `owingMs`, `openMs`, or the instant of its last commit, epoch milliseconds. */
export function lastActiveMs(checkpoint: Checkpoint, nowMs: number): number {
  if (owes(checkpoint)) return owingMs;
  return checkpoint.known.values().some(isOpen) ? openMs : nowMs;
}

/** Index of streams by activity, readable without loading their records. */
export interface ActivityIndex {
  /**
   * Returns the streams that are busy or were active after the instant, each with its last activity. May lag behind the
   * records by moments.
   * @throws StoreError
   */
  activeSince(ms: number): Promise<ReadonlyMap<StreamKey, number>>;
}
