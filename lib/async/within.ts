import type { Clock } from "../core/clock.ts";
import { follow } from "./deadline.ts";

/**
 * Waits for work that cannot be aborted, such as a file system's; null when it takes longer than `limitMs`, or until
 * `caller` aborts.
 */
export async function within<Result>(
  work: Promise<Result>,
  limitMs: number,
  clock: Clock,
  caller?: AbortSignal,
): Promise<Result | null> {
  const done = new AbortController();
  const unfollow = caller && follow(caller, done);
  const late = clock.sleep(limitMs, done.signal).then(() => null);
  try {
    return await Promise.race([work, late]);
  } finally {
    unfollow?.();
    // An abort without a reason creates an exception with its stack: benchmark `idle`, 8 % more CPU time.
    done.abort(null);
  }
}
