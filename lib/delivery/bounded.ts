import { onAbort } from "../async/on-abort.ts";
import { within } from "../async/within.ts";
import type { Clock } from "../core/clock.ts";
import type { Sink } from "../sinks/sink.ts";
import { logDefect } from "../telemetry/defect.ts";
import type { Log } from "../telemetry/log.ts";

/** Milliseconds that an attempt may last after its signal; an outbox lease outlives its run by more. */
const endsWithinMs = 500;
const closesWithinMs = 10_000;

/**
 * Wraps a sink so that nothing waits for an attempt that ignores its signal, or for a close that never ends. Such an
 * attempt rejects, and is made again by the next run. A close that fails is logged: the other parts are closed, too.
 */
export const bounded = (sink: Sink, clock: Clock, log: Log): Sink => ({
  name: sink.name,
  get batch() {
    return sink.batch;
  },
  deliver: (events, options) =>
    new Promise((resolve, reject) => {
      const { signal } = options;
      const work = sink.deliver(events, options);
      const leave = (): void => {
        void within(work, endsWithinMs, clock).then(() => reject(signal.reason), reject);
      };
      if (signal.aborted) leave();
      const stay = onAbort(signal, leave);
      work.then(resolve, reject).then(stay);
    }),
  async close() {
    try {
      await within(sink.close(), closesWithinMs, clock);
    } catch (error) {
      logDefect(log, "a sink could not be closed", { sink: sink.name }, error);
    }
  },
});
