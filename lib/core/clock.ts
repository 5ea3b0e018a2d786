/** Time, passed in so that a simulation can own it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const timer = setTimeout(done, Math.max(0, ms));
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      }
      signal.addEventListener("abort", done, { once: true });
    }),
};

/**
 * Whether `sinceMs` lies less than `spanMs` before `nowMs`. An instant in the future does not: it was noted by a clock
 * that ran ahead.
 */
export const isWithin = (spanMs: number, sinceMs: number, nowMs: number): boolean =>
  nowMs >= sinceMs && nowMs - sinceMs < spanMs;

/** Random numbers in [0, 1), passed in so that a simulation can own them. */
export type Random = () => number;

/** Options that every call over the network or to a store takes. */
export interface CallOptions {
  readonly signal: AbortSignal;
}
