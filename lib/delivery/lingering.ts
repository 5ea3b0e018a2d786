import type { Clock } from "../core/clock.ts";
import type { Sink } from "../sinks/sink.ts";

/** Milliseconds that an attempt may continue after its process was asked to stop. */
export const graceMs = 3_000;

/** Shutdown signals of a process. */
export interface ShutdownSignals {
  /** Stops starting new work. */
  readonly stop: AbortSignal;
  /** Also aborts work in progress. */
  readonly abandon: AbortSignal;
}

/**
 * Wraps a sink so that its attempts continue for three seconds after `stop`: requests already sent are confirmed and
 * not sent again. `abandon`, or any other end of the run, aborts them at once.
 */
export const lingering = (sink: Sink, { stop, abandon }: ShutdownSignals, clock: Clock): Sink => ({
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
