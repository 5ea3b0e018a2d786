import type { FlowBucket } from "../protocol.ts";

/** Intervals that a sparkline shows. */
const kept = 60;

/** Counts attempts by interval, for the last 60 intervals. */
export class Flow {
  readonly #bucketMs: number;
  readonly #buckets = new Map<number, { accepted: number; failed: number }>();

  constructor(bucketMs: number) {
    this.#bucketMs = bucketMs;
  }

  add(atMs: number, isAccepted: boolean): void {
    const startMs = Math.floor(atMs / this.#bucketMs) * this.#bucketMs;
    const bucket = this.#buckets.get(startMs) ?? { accepted: 0, failed: 0 };
    bucket[isAccepted ? "accepted" : "failed"] += 1;
    this.#buckets.set(startMs, bucket);
  }

  /** Intervals with attempts, oldest first; forgets those that no sparkline shows any more. */
  buckets(nowMs: number): readonly FlowBucket[] {
    for (const startMs of this.#buckets.keys()) {
      if (startMs <= nowMs - (kept + 1) * this.#bucketMs) this.#buckets.delete(startMs);
    }
    return Array.from(this.#buckets, ([startMs, counts]) => ({ startMs, ...counts })).sort(
      (a, b) => a.startMs - b.startMs,
    );
  }
}
