/** Rounds down to a full second, the resolution of `begin_time`, so that tasks of the boundary second are included. */
export const floorToSecond = (ms: number): number => Math.floor(ms / 1_000) * 1_000;

/** Input for advancing the watermark. */
export interface WindowFacts {
  /** Current watermark, epoch milliseconds; the new one is never earlier. */
  readonly currentMs: number;
  /** Creation time of the newest task seen; null for none. */
  readonly newestCreatedMs: number | null;
  /** Creation times of open tasks that the window must include. */
  readonly openCreatedMs: Iterable<number>;
  /** Creation times of tasks seen but not recorded yet: later commit batches and unreadable records. */
  readonly unrecordedMs: Iterable<number>;
  readonly lookbackMs: number;
  readonly maxOpenAgeMs: number;
  readonly nowMs: number;
}

/**
 * Computes the instant from which the next poll must read. It never passes an open task younger than `maxOpenAgeMs` or
 * anything unrecorded; open tasks left behind are polled by id.
 */
export function nextWatermark(facts: WindowFacts): number {
  if (facts.newestCreatedMs === null) return facts.currentMs;
  let earliestMs = Math.min(facts.newestCreatedMs, facts.nowMs) - facts.lookbackMs;
  const oldestKeptMs = Math.max(facts.nowMs - facts.maxOpenAgeMs, facts.currentMs);
  for (const createdMs of facts.openCreatedMs) {
    if (createdMs >= oldestKeptMs) earliestMs = Math.min(earliestMs, createdMs);
  }
  for (const createdMs of facts.unrecordedMs) earliestMs = Math.min(earliestMs, createdMs);
  return Math.max(facts.currentMs, floorToSecond(earliestMs));
}

/** Whether a listing from `watermarkMs` includes a task created at this instant. */
export const isInWindow = (createdAtMs: number, watermarkMs: number): boolean =>
  floorToSecond(createdAtMs) >= floorToSecond(watermarkMs);
