import type { Refusal } from "../../core/result.ts";

/** A batch limit that follows a receiver's refusals. */
export interface AdaptiveBatch {
  /** Maximum events of the next batch. */
  readonly maxEvents: number;
  /** Lets one more event join the next batch. */
  grow(): void;
  /** The results of a batch that was refused as a whole; later batches are a tenth as long. */
  refuse(refusal: Refusal, count: number): readonly Refusal[];
}

/**
 * Creates a limit that begins at `maxEvents`. A refused batch does not say which event is at fault, or whether it was too
 * long. Its results are therefore `retry`; only a single event gets its refusal as it is.
 */
export function adaptiveBatch(maxEvents: number): AdaptiveBatch {
  let current = maxEvents;
  return {
    get maxEvents() {
      return current;
    },
    grow() {
      current = Math.min(maxEvents, current + 1);
    },
    refuse(refusal, count) {
      if (count === 1) return [refusal];
      current = Math.min(current, Math.ceil(count / 10));
      return Array.from({ length: count }, () => ({ ...refusal, kind: "retry" }));
    },
  };
}
