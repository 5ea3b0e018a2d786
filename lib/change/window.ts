/** begin_time has whole seconds: cutting down keeps a task of the boundary second inside. */
export const floorToSecond = (ms: number): number => Math.floor(ms / 1_000) * 1_000;

export interface WindowFacts {
  /** The watermark so far; the new one is never before it. */
  readonly currentMs: number;
  /** Creation of the newest task seen; null when none was. */
  readonly newestCreatedMs: number | null;
  /** Creations of the open tasks that the window must keep. */
  readonly openCreatedMs: Iterable<number>;
  /** Creations of what was seen but is not recorded yet: further slices, tasks that could not be read. */
  readonly unrecordedMs: Iterable<number>;
  readonly lookbackMs: number;
  readonly maxOpenAgeMs: number;
  readonly nowMs: number;
}

/**
 * The instant from which the next poll must read. It never passes an open task younger than `maxOpenAgeMs`, nor
 * anything seen but not recorded; an open task that it leaves behind is polled by its id.
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

/** Whether a listing that begins at `watermarkMs` shows a task of this creation. */
export const isInWindow = (createdAtMs: number, watermarkMs: number): boolean =>
  floorToSecond(createdAtMs) >= floorToSecond(watermarkMs);
