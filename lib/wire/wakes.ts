import { type Clock, isWithin } from "../core/clock.ts";
import type { StreamKey } from "../core/names.ts";
import type { RunSummary } from "../run/summary.ts";

/** Wakes of the same streams within this time, milliseconds, cost one run: notices repeat and come in floods. */
const repeatsForMs = 5_000;

/** Collapses wakes. `run` is called unless the same streams were woken just before; then that run's summary is returned. */
export function wakes(
  clock: Clock,
): (streams: readonly StreamKey[], run: () => Promise<RunSummary>) => Promise<RunSummary> {
  const woken = new Map<string, { readonly atMs: number; readonly summary: Promise<RunSummary> }>();
  return (streams, run) => {
    const nowMs = clock.now();
    for (const [key, { atMs }] of woken) if (!isWithin(repeatsForMs, atMs, nowMs)) woken.delete(key);
    const key = streams.toSorted().join(" ");
    const summary = woken.get(key)?.summary ?? run();
    if (!woken.has(key)) woken.set(key, { atMs: nowMs, summary });
    return summary;
  };
}
