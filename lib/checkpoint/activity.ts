import { isOpen } from "../change/known.ts";
import type { StreamKey } from "../core/names.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** The last instant of activity of a stream that is active now: later than any clock. */
export const busyMs = Number.MAX_SAFE_INTEGER;

/** When a stream last gave reason to be polled soon: `busyMs` while a task is open or an event is owed, else its last commit. */
export const lastActiveMs = ({ known, outbox }: Checkpoint, nowMs: number): number =>
  outbox.length > 0 || known.values().some(isOpen) ? busyMs : nowMs;

/** Which streams were active, without a look at their records. */
export interface ActivityIndex {
  /**
   * The streams that are busy or were active after the instant, each with its last activity. It may lag behind the
   * records by moments.
   * @throws StoreError
   */
  activeSince(ms: number): Promise<ReadonlyMap<StreamKey, number>>;
}
