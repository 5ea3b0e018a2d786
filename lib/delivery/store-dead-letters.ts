import type { DeadLetterStore } from "./dead-letters.ts";
import type { Dispatched } from "./stream-delivery.ts";

export interface StoredDeadLetters {
  /** What may be settled. */
  readonly sent: Dispatched;
  /** Why letters could not be stored; null when they were. */
  readonly error: unknown;
}

/**
 * Stores the dead letters of one sink's dispatch. Where the store does not answer they stay owed, and the rest may be
 * settled all the same: one sink's refusal must not hold up the others.
 */
export async function storeDeadLetters(
  sent: Dispatched,
  deadLetters: DeadLetterStore,
): Promise<StoredDeadLetters> {
  if (sent.deadLetters.length === 0) return { sent, error: null };
  try {
    await deadLetters.put(sent.deadLetters);
    return { sent, error: null };
  } catch (error) {
    const pending = new Set(sent.deadLetters.map(({ sequence }) => sequence));
    const receipts = sent.receipts.filter(({ sequence }) => !pending.has(sequence));
    return { sent: { ...sent, receipts, deadLetters: [] }, error };
  }
}
