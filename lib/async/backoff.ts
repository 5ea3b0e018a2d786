import type { Random } from "../core/clock.ts";

export interface Backoff {
  /** The longest wait before the second attempt, milliseconds. */
  readonly firstMs: number;
  /** The longest wait of all, milliseconds. */
  readonly maxMs: number;
}

/** Exponential backoff with full jitter: how long to wait after so many attempts, counted from 1, milliseconds. */
export const backoffMs = (attempts: number, { firstMs, maxMs }: Backoff, random: Random): number =>
  random() * Math.min(maxMs, firstMs * 2 ** Math.min(attempts - 1, 40));
