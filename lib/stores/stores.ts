import type { ActivityIndex } from "../checkpoint/activity.ts";
import type { ParkedStore } from "../checkpoint/parked.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import type { DeadLetterStore } from "../delivery/dead-letters.ts";

/** Where a bridge keeps what must outlive a run. */
export interface Stores {
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  /** What waits beside the checkpoints. */
  readonly parked: ParkedStore;
  /** Of the checkpoints. */
  readonly activity: ActivityIndex;
}
