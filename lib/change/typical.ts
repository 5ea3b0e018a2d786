/**
 * Durations of recent successful tasks by name, milliseconds, newest last. The least recently updated name comes first.
 */
export type Durations = ReadonlyMap<string, readonly number[]>;

/** Limits of a stream's record: 30 KB at most. */
const maxNames = 64;
const maxNameCharacters = 200;
const maxDurations = 9;

/** Minimum number of durations for a meaningful median. */
const leastDurations = 3;

/** Adds the duration of a successful task. */
export function withDuration(durations: Durations, name: string, durationMs: number): Durations {
  if (name.length > maxNameCharacters) return durations;
  const next = new Map(durations);
  next.delete(name);
  next.set(name, [...(durations.get(name) ?? []), durationMs].slice(-maxDurations));
  const [oldest] = next.keys();
  if (oldest !== undefined && next.size > maxNames) next.delete(oldest);
  return next;
}

/** Median duration of successful tasks of this name, whole milliseconds; null while fewer than three are known. */
export function typicalMsOf(durations: Durations, name: string): number | null {
  const sorted = (durations.get(name) ?? []).toSorted((a, b) => a - b);
  if (sorted.length < leastDurations) return null;
  const half = sorted.length / 2;
  const [lower = 0, upper = lower] = sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1);
  return Math.round((lower + upper) / 2);
}
