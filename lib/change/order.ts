import type { KnownTask, Sight } from "./known.ts";
import { firstStatus, isFinal } from "./task.ts";

/** Relation of a new observation of a task to its known state. */
export type Standing =
  | "same"
  /** The task has changed. */
  | "later"
  /** The task may have changed, or an API replica lags behind. */
  | "doubtful";

/**
 * Orders two observations of a task. `updated_at` is only evidence: it may be missing, wrong or in the future. Nothing
 * is ruled out for good; a persistent observation wins.
 */
export function standingOf(known: Sight & Pick<KnownTask, "past">, sight: Sight, nowMs: number): Standing {
  if (sight.status === known.status) return "same";
  if (known.past.some((seen) => seen.status === sight.status && seen.updatedAtMs === sight.updatedAtMs))
    return "doubtful";
  const ends = isFinal(sight.status) && !isFinal(known.status);
  // No replica can show another status before the task has left its first one.
  const begins = known.status === firstStatus && known.past.length === 0;
  return ends || begins || isLater(known, sight, nowMs) ? "later" : "doubtful";
}

function isLater(known: Sight, sight: Sight, nowMs: number): boolean {
  const knownMs = believableMs(known, nowMs);
  const sightMs = believableMs(sight, nowMs);
  return knownMs !== null && sightMs !== null && sightMs > knownMs;
}

/** Tolerated difference between hosts' clocks; timestamps further ahead are ignored. */
const clockSlackMs = 60_000;

/** Plausible `updated_at` of an observation, epoch milliseconds; null when missing or implausible. */
export const believableMs = ({ updatedAtMs }: Pick<Sight, "updatedAtMs">, nowMs: number): number | null =>
  updatedAtMs !== null && updatedAtMs <= nowMs + clockSlackMs ? updatedAtMs : null;

/** Bounds the record size of a task that restarts again and again. */
const maxPast = 8;

/** Adds an observation to those that a lagging replica may show again. */
export function pastAfter(known: Sight & Pick<KnownTask, "past">, sight: Sight): readonly Sight[] {
  const { status, updatedAtMs } = known;
  const isAgainstStamps = updatedAtMs !== null && (sight.updatedAtMs ?? updatedAtMs) < updatedAtMs;
  if (!isFinal(status) && sight.status !== firstStatus && !isAgainstStamps) return known.past;
  return [...known.past, { status, updatedAtMs }].slice(-maxPast);
}
