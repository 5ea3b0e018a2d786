import { eachOf } from "../../async/each.ts";
import { type Bucket, listed } from "./bucket.ts";
import { countdown, fromCountdown } from "./keys.ts";

/** How long a version is kept after the next one was written: longer than a run, or the sleep of a frozen process, lasts. */
export const retentionMs = 24 * 3_600_000;
/** How many of the newest are kept in any case. */
const keptVersions = 20;
/** A commit in so many looks for old versions. */
export const cleanEvery = 10;
const callsAtOnce = 8;

export interface Old {
  readonly folder: string;
  /** The number of the version that was just committed. */
  readonly newest: number;
  /** What was followed by another before this instant is old. */
  readonly beforeMs: number;
}

/**
 * Removes versions that are neither among the newest nor young. The first is kept for good: it is what a commit of a
 * stream that seems to have no record meets.
 */
export async function removeOldVersions(bucket: Bucket, { folder, newest, beforeMs }: Old): Promise<void> {
  if (newest <= keptVersions) return;
  const old: string[] = [];
  let followedMs = Number.POSITIVE_INFINITY;
  // From the last that is kept on, whose age is that of the next one's end.
  const after = folder + countdown(newest - keptVersions + 2);
  for await (const { key, modifiedMs } of listed(bucket, folder, after)) {
    if (followedMs < beforeMs && fromCountdown(key.slice(folder.length)) !== 1) old.push(key);
    followedMs = modifiedMs;
  }
  await eachOf(old, callsAtOnce, (key) => bucket.remove(key));
}
