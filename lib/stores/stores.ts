import type { ActivityIndex } from "../checkpoint/activity.ts";
import type { ParkedStore } from "../checkpoint/parked.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import type { DeadLetterStore } from "../delivery/dead-letters.ts";
import type { Journal } from "../journal/journal.ts";

/** Durable state of a bridge. */
export interface Stores {
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  /** Deliveries parked outside the checkpoints. */
  readonly parked: ParkedStore;
  /** Activity index of the checkpoints. */
  readonly activity: ActivityIndex;
  /** Null when it is off. */
  readonly journal: Journal | null;
  /** Maximum size of the events in one record, as JSON, bytes. */
  readonly roomBytes: number;
}

/** Closes all stores. */
export async function closeStores({ checkpoints, deadLetters, parked }: Stores): Promise<void> {
  await Promise.all([checkpoints.close(), deadLetters.close(), parked.close()]);
}
