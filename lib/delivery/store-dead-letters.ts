import type { DeadLetterStore } from "./dead-letters.ts";
import type { Dispatched } from "./stream-delivery.ts";

/** Result of storing a dispatch's dead letters. */
export interface StoredDeadLetters {
  /** Receipts that may be committed. */
  readonly sent: Dispatched;
  /** Why dead letters could not be stored; null on success. */
  readonly error: unknown;
}

/**
 * Stores the dead letters of one dispatch. If that fails they stay pending, and the other receipts can still be
 * committed: one failure must not hold up the others.
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
    const entries = sent.entries.filter(({ outcome }) => outcome !== "dead-lettered");
    return { sent: { ...sent, receipts, deadLetters: [], entries }, error };
  }
}
