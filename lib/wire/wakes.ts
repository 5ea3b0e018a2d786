import { type Clock, isWithin } from "../core/clock.ts";
import type { Stream, StreamKey } from "../core/names.ts";
import { namesIn } from "../text/names-in.ts";

/** Wakes of the same streams within this time, milliseconds, cost one run: notices repeat and come in floods. */
const repeatsForMs = 5_000;

/** The streams whose instances an event names, anywhere in it and in whatever shape. */
export function namedIn<Named extends { readonly stream: Stream }>(
  event: unknown,
  streams: readonly Named[],
): readonly Named[] {
  const named = namesIn(event, new Set(streams.map(({ stream }) => stream.instanceId)));
  return streams.filter(({ stream }) => named.has(stream.instanceId));
}

/**
 * Collapses wakes. `run` is called unless the same streams were woken within `forMs` before, five seconds by default;
 * then the result of that call is returned. A call that failed is not counted.
 */
export function wakes<Result>(
  clock: Clock,
): (streams: readonly StreamKey[], run: () => Promise<Result>, forMs?: number) => Promise<Result> {
  const woken = new Map<
    string,
    { readonly atMs: number; readonly forMs: number; readonly result: Promise<Result> }
  >();
  return (streams, run, forMs = repeatsForMs) => {
    const nowMs = clock.now();
    for (const [key, each] of woken) if (!isWithin(each.forMs, each.atMs, nowMs)) woken.delete(key);
    const key = streams.toSorted().join(" ");
    const repeated = woken.get(key);
    if (repeated) return repeated.result;
    const result = run();
    woken.set(key, { atMs: nowMs, forMs, result });
    result.catch(() => woken.delete(key));
    return result;
  };
}
