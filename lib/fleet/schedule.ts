import { hashToUnit } from "../core/hash-to-unit.ts";

export interface ScheduleRules {
  /** Between two plans; an active stream is due in each. */
  readonly everyMs: number;
  /** The longest a stream goes unpolled. */
  readonly maxIdleMs: number;
}

/** The instants a plan answers for: after the one, up to and with the other. */
export interface Span {
  readonly afterMs: number;
  readonly untilMs: number;
}

/**
 * Whether a stream is due in a span. One that is active now always is. One that has become quiet is due after gaps that
 * double, and every stream once in each `maxIdleMs`, at a moment of its own that its key decides: the load is even, and
 * nobody has to remember when a stream was polled last. `activeMs` is null where no activity is known.
 */
export function isDue(
  key: string,
  activeMs: number | null,
  { afterMs, untilMs }: Span,
  { everyMs, maxIdleMs }: ScheduleRules,
): boolean {
  if (activeMs !== null && activeMs > afterMs) return true;
  const place = hashToUnit(key);
  const turn = (ms: number): number => Math.floor((ms - place * maxIdleMs) / maxIdleMs);
  if (turn(untilMs) > turn(afterMs)) return true;
  if (activeMs === null) return false;
  for (let gapMs = everyMs; gapMs < maxIdleMs; gapMs *= 2) {
    // Streams that became quiet together part ways: each is up to half a gap early.
    const dueMs = activeMs + 2 * gapMs - everyMs - (place * gapMs) / 2;
    if (dueMs > afterMs && dueMs <= untilMs) return true;
  }
  return false;
}

/** How long a stream's last activity makes it due sooner than its turn. */
export function coolingMs({ everyMs, maxIdleMs }: ScheduleRules): number {
  let sumMs = 0;
  for (let gapMs = everyMs; gapMs < maxIdleMs; gapMs *= 2) sumMs += gapMs;
  return sumMs;
}
