import { eachOf } from "../../async/each.ts";
import { type Bucket, listed } from "./bucket.ts";
import { countdown, fromCountdown } from "./keys.ts";

/**
 * How long a version is kept after the next one was written, milliseconds: longer than any run, or the sleep of a
 * frozen process.
 */
export const retentionMs = 24 * 3_600_000;
/** Number of newest versions always kept. */
const keptVersions = 20;
/** One commit in this many removes old versions. */
export const cleanEvery = 10;
const callsAtOnce = 8;

/** Selects old versions. */
export interface Old {
  readonly folder: string;
  /** Number of the version just committed. */
  readonly newest: number;
  /** Versions followed by another before this instant, epoch milliseconds, are old. */
  readonly beforeMs: number;
}

/**
 * Removes versions that are old and not among the newest. The first version always stays: it blocks a writer that
 * wrongly sees no record.
 */
export async function removeOldVersions(bucket: Bucket, { folder, newest, beforeMs }: Old): Promise<void> {
  if (newest <= keptVersions) return;
  const old: string[] = [];
  let followedMs = Number.POSITIVE_INFINITY;
  // Starts from the last version kept, whose successor gives its age.
  const after = folder + countdown(newest - keptVersions + 2);
  for await (const { key, modifiedMs } of listed(bucket, folder, after)) {
    if (followedMs < beforeMs && fromCountdown(key.slice(folder.length)) !== 1) old.push(key);
    followedMs = modifiedMs;
  }
  await eachOf(old, callsAtOnce, (key) => bucket.remove(key));
}
