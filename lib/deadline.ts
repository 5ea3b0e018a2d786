import type { CallOptions, Clock } from "./clock.ts";

/** Does `work` under a signal that also aborts at `untilMs`. */
export async function withDeadline(
  clock: Clock,
  untilMs: number,
  options: CallOptions,
  work: (bounded: CallOptions) => Promise<void>,
): Promise<void> {
  const deadline = new AbortController();
  const done = new AbortController();
  const signal = AbortSignal.any([options.signal, deadline.signal]);
  const timer = clock.sleep(untilMs - clock.now(), done.signal).then(() => deadline.abort());
  try {
    await work({ signal });
  } finally {
    done.abort();
    await timer;
  }
}
