import type { Clock } from "../core/clock.ts";
import type { Sink } from "../sinks/sink.ts";

/** What an attempt may still take once its process was told to end, in milliseconds. */
export const graceMs = 3_000;

/** What a process was told. */
export interface Telling {
  /** Begin nothing more. */
  readonly stop: AbortSignal;
  /** Give up what is under way, too. */
  readonly abandon: AbortSignal;
}

/**
 * A sink whose attempts outlive `stop` by three seconds, so that what has gone out is confirmed and not sent again. Any
 * other end of their run ends them at once, and so does `abandon`.
 */
export const lingering = (sink: Sink, { stop, abandon }: Telling, clock: Clock): Sink => ({
  name: sink.name,
  batch: sink.batch,
  close: () => sink.close(),
  async deliver(events, options) {
    const { signal } = options;
    const attempt = new AbortController();
    const done = new AbortController();
    const end = (): void => attempt.abort(signal.reason);
    const linger = (): void => {
      if (stop.aborted) void clock.sleep(graceMs, AbortSignal.any([abandon, done.signal])).then(end);
      else end();
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", linger, { once: true });
    try {
      return await sink.deliver(events, { ...options, signal: attempt.signal });
    } finally {
      signal.removeEventListener("abort", linger);
      done.abort(null);
    }
  },
});
