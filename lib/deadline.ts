import type { CallOptions, Clock } from "./clock.ts";
import { follow } from "./time-limit.ts";

/** Does `work` under a signal that also aborts at `untilMs`. */
export async function withDeadline(
  clock: Clock,
  untilMs: number,
  { signal }: CallOptions,
  work: (bounded: CallOptions) => Promise<void>,
): Promise<void> {
  const bounded = new AbortController();
  const done = new AbortController();
  const unfollow = follow(signal, bounded);
  const timer = clock.sleep(untilMs - clock.now(), done.signal).then(() => bounded.abort());
  try {
    await work({ signal: bounded.signal });
  } finally {
    unfollow();
    // Without a reason of ours an exception is made, with its stack.
    done.abort(null);
    await timer;
  }
}
