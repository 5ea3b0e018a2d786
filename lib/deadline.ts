import type { CallOptions, Clock } from "./clock.ts";

/** Does `work` under a signal that also aborts at `untilMs`. */
export async function withDeadline(
  clock: Clock,
  untilMs: number,
  { signal }: CallOptions,
  work: (bounded: CallOptions) => Promise<void>,
): Promise<void> {
  const bounded = new AbortController();
  const done = new AbortController();
  const follow = (): void => bounded.abort(signal.reason);
  if (signal.aborted) follow();
  else signal.addEventListener("abort", follow, { once: true });
  const timer = clock.sleep(untilMs - clock.now(), done.signal).then(() => bounded.abort());
  try {
    await work({ signal: bounded.signal });
  } finally {
    signal.removeEventListener("abort", follow);
    done.abort();
    await timer;
  }
}
