/** Task name to how long its last successful tasks took, milliseconds, newest last. The name heard of longest ago comes first. */
export type Durations = ReadonlyMap<string, readonly number[]>;

/** They bound what a stream's record keeps: 30 KB at most. */
const maxNames = 64;
const maxNameCharacters = 200;
const maxDurations = 9;

/** Fewer say nothing of what is usual. */
const leastDurations = 3;

/** Takes in how long one more successful task of a name took. */
export function withDuration(durations: Durations, name: string, durationMs: number): Durations {
  if (name.length > maxNameCharacters) return durations;
  const next = new Map(durations);
  next.delete(name);
  next.set(name, [...(durations.get(name) ?? []), durationMs].slice(-maxDurations));
  const [oldest] = next.keys();
  if (oldest !== undefined && next.size > maxNames) next.delete(oldest);
  return next;
}

/** How long a successful task of this name usually takes, whole milliseconds: the median; null while too few are known. */
export function typicalMsOf(durations: Durations, name: string): number | null {
  const sorted = (durations.get(name) ?? []).toSorted((a, b) => a - b);
  if (sorted.length < leastDurations) return null;
  const half = sorted.length / 2;
  const [lower = 0, upper = lower] = sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1);
  return Math.round((lower + upper) / 2);
}
