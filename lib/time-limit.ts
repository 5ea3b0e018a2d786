/** Lets a signal of one's own abort with its caller's; what it returns ends that. */
export function follow(caller: AbortSignal, own: AbortController): () => void {
  const abort = (): void => own.abort(caller.reason);
  if (caller.aborted) abort();
  else caller.addEventListener("abort", abort, { once: true });
  return () => caller.removeEventListener("abort", abort);
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
