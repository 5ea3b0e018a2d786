import { isOpen, type KnownTask } from "./known.ts";
import type { Durations } from "./typical.ts";

/** Facts for deciding when to read a stream again. */
export interface LookFacts {
  readonly known: Iterable<KnownTask>;
  readonly durations: Durations;
  /** Epoch milliseconds by the API's clock. */
  readonly nowMs: number;
  /** Shortest time between two looks, milliseconds. */
  readonly everyMs: number;
}

/** A task of unknown duration is looked at after each sixtieth of its age: after an hour the timer is as frequent. */
const shareOfAge = 1 / 60;
/** A task that takes longer than usual is looked at after each twelfth of its delay. */
const shareOfDelay = 1 / 12;
/** Minimum number of durations from which an end is expected. */
const leastDurations = 3;
/** Margin around the known durations, as a share of their median, besides half of their range. */
const shareOfMedian = 0.05;

/**
 * When to read a stream again, epoch milliseconds by the API's clock; null when no task is open. A task is expected to
 * end within the range of its name's last durations, with a margin: not before it, then at every `everyMs`, and ever
 * more rarely after it.
 */
export function nextLookMs({ known, durations, nowMs, everyMs }: LookFacts): number | null {
  let earliestMs: number | null = null;
  for (const task of known) {
    // An ended task whose end is doubted needs a minute anyway.
    if (!isOpen(task) || task.name === "") continue;
    const ageMs = Math.max(0, nowMs - task.createdAtMs);
    const waitMs = Math.max(everyMs, waitOf(task, ageMs, durations));
    earliestMs = Math.min(earliestMs ?? Number.POSITIVE_INFINITY, nowMs + waitMs);
  }
  return earliestMs;
}

function waitOf({ name, status }: KnownTask, ageMs: number, durations: Durations): number {
  const range = rangeOf(durations.get(name) ?? []);
  // It will start, which says nothing about its end.
  if (!range || (status === "CREATED" && ageMs < range.fromMs)) return ageMs * shareOfAge;
  if (ageMs < range.fromMs) return range.fromMs - ageMs;
  return Math.max(0, ageMs - range.untilMs) * shareOfDelay;
}

/** Ages at which a task is expected to end; null while too little is known. */
function rangeOf(durations: readonly number[]): { readonly fromMs: number; readonly untilMs: number } | null {
  if (durations.length < leastDurations) return null;
  const sorted = durations.toSorted((a, b) => a - b);
  const [leastMs = 0, mostMs = 0] = [sorted[0], sorted.at(-1)];
  const marginMs = (mostMs - leastMs) / 2 + (sorted[sorted.length >> 1] ?? 0) * shareOfMedian;
  return { fromMs: leastMs - marginMs, untilMs: mostMs + marginMs };
}
