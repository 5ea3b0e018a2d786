import { hashToUnit } from "../core/hash-to-unit.ts";

/** Rules of the schedule. */
export interface ScheduleRules {
  /** Interval between plans, milliseconds; an active stream is due in each. */
  readonly everyMs: number;
  /** Longest time between two polls of a stream, milliseconds. */
  readonly maxIdleMs: number;
}

/** The interval of a plan: after `afterMs`, up to and including `untilMs`. */
export interface Interval {
  readonly afterMs: number;
  readonly untilMs: number;
}

/**
 * Whether a stream is due in an interval. Active streams always are. After activity ends, gaps between polls double;
 * every stream is polled once per `maxIdleMs`, at a time derived from its key, so that load is even and no state is
 * needed. `activeMs` is null when no activity is known.
 */
export function isDue(
  key: string,
  activeMs: number | null,
  { afterMs, untilMs }: Interval,
  { everyMs, maxIdleMs }: ScheduleRules,
): boolean {
  if (activeMs !== null && activeMs > afterMs) return true;
  const place = hashToUnit(key);
  const turn = (ms: number): number => Math.floor((ms - place * maxIdleMs) / maxIdleMs);
  if (turn(untilMs) > turn(afterMs)) return true;
  if (activeMs === null) return false;
  for (let gapMs = everyMs; gapMs < maxIdleMs; gapMs *= 2) {
    // Spreads streams that became quiet together: each is up to half a gap early.
    const dueMs = activeMs + 2 * gapMs - everyMs - (place * gapMs) / 2;
    if (dueMs > afterMs && dueMs <= untilMs) return true;
  }
  return false;
}

/** How long past activity keeps polls more frequent than `maxIdleMs`, milliseconds. */
export function coolingMs({ everyMs, maxIdleMs }: ScheduleRules): number {
  let sumMs = 0;
  for (let gapMs = everyMs; gapMs < maxIdleMs; gapMs *= 2) sumMs += gapMs;
  return sumMs;
}
