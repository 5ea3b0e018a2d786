import type { KnownTask, Sight } from "./known.ts";
import { firstStatus, isFinal } from "./task.ts";

/** How a new sight of a task stands to what is known of it. */
export type Standing =
  | "same"
  /** The task has moved on. */
  | "later"
  /** It may have moved on, or a replica of the API lags behind. */
  | "doubtful";

/**
 * Orders two sights of a task. Truth is an order of states, and `updated_at` is only evidence of it: it may be missing,
 * come from a host whose clock is wrong, or lie in the future. So nothing is ruled out for good: what persists counts.
 */
export function standingOf(known: Sight & Pick<KnownTask, "past">, sight: Sight, nowMs: number): Standing {
  if (sight.status === known.status) return "same";
  if (known.past.some((told) => told.status === sight.status && told.updatedAtMs === sight.updatedAtMs))
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

/** Hosts' clocks differ; an instant further ahead than this says nothing. */
const clockSlackMs = 60_000;

/** When a sight says that its status was taken; null where it says nothing that can be believed. */
export const believableMs = ({ updatedAtMs }: Pick<Sight, "updatedAtMs">, nowMs: number): number | null =>
  updatedAtMs !== null && updatedAtMs <= nowMs + clockSlackMs ? updatedAtMs : null;

/** It bounds what a task that runs again and again takes in the record. */
const maxPast = 8;

/** What a lagging replica may show again, although stamps or statuses do not tell it from news. */
export function pastAfter(known: Sight & Pick<KnownTask, "past">, sight: Sight): readonly Sight[] {
  const { status, updatedAtMs } = known;
  const isAgainstStamps = updatedAtMs !== null && (sight.updatedAtMs ?? updatedAtMs) < updatedAtMs;
  if (!isFinal(status) && sight.status !== firstStatus && !isAgainstStamps) return known.past;
  return [...known.past, { status, updatedAtMs }].slice(-maxPast);
}
