import type { CallOptions, Clock } from "../core/clock.ts";

/** Lets a signal of one's own abort with its caller's; what it returns ends that. */
export function follow(caller: AbortSignal, own: AbortController): () => void {
  const abort = (): void => own.abort(caller.reason);
  if (caller.aborted) abort();
  else caller.addEventListener("abort", abort, { once: true });
  return () => caller.removeEventListener("abort", abort);
}

/** A signal that aborts with the first of several; `unfollow` ends that. One alone is its own. */
export function followAll(callers: readonly AbortSignal[]): {
  readonly signal: AbortSignal;
  readonly unfollow: () => void;
} {
  const [first] = callers;
  if (first && callers.length === 1) return { signal: first, unfollow: () => {} };
  const own = new AbortController();
  const unfollows = callers.map((caller) => follow(caller, own));
  return {
    signal: own.signal,
    unfollow: () => {
      for (const unfollow of unfollows) unfollow();
    },
  };
}

/**
 * Does `work` under a signal that aborts with the caller's, or after `limitMs` with a TimeoutError. AbortSignal.any and
 * AbortSignal.timeout say the same at nine times the cost, which is a tenth of a whole request's.
 */
export async function withTimeLimit<Result>(
  caller: AbortSignal,
  limitMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limited = new AbortController();
  const unfollow = follow(caller, limited);
  const timer = setTimeout(
    () => limited.abort(new DOMException("the time ran out", "TimeoutError")),
    limitMs,
  );
  try {
    return await work(limited.signal);
  } finally {
    clearTimeout(timer);
    unfollow();
  }
}

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
