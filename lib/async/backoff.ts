import type { Random } from "../core/clock.ts";

/** Bounds of an exponential backoff. */
export interface Backoff {
  /** Upper bound of the wait before the second attempt, milliseconds. */
  readonly firstMs: number;
  /** Upper bound of every wait, milliseconds. */
  readonly maxMs: number;
}

/** Exponential backoff with full jitter: milliseconds to wait after `attempts` attempts, counted from 1. */
export const backoffMs = (attempts: number, { firstMs, maxMs }: Backoff, random: Random): number =>
  random() * Math.min(maxMs, firstMs * 2 ** Math.min(attempts - 1, 40));
