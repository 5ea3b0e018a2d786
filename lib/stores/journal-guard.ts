import type { CommitResult } from "../checkpoint/store.ts";
import { type Clock, isWithin } from "../core/clock.ts";
import { nameOf, StoreError } from "../core/errors.ts";
import type { JournalEntry } from "../journal/entry.ts";
import type { JournalLimits } from "../journal/journal.ts";

/** Settings of a store's journal. */
export interface JournalSettings extends JournalLimits {
  /** Called when entries could not be kept; never throws. */
  readonly failed: (error: unknown, lost: number) => void;
}

/** A failure that took this long costs a run too much to be met at each commit, milliseconds. */
const slowMs = 1_000;
/** How long commits go without the journal after two slow failures in a row, milliseconds. */
const restMs = 30_000;

/** Parts that a guard needs. */
export interface GuardDeps {
  readonly clock: Clock;
  /** Null when the journal is off. */
  readonly journal: JournalSettings | null;
  /** Whether a failure is of the store as a whole, so that the journal cannot be its cause. */
  readonly isOfStore: (error: unknown) => boolean;
}

/** Writes a commit with its entries. */
export type GuardedCommit = (
  entries: readonly JournalEntry[],
  write: (entries: readonly JournalEntry[]) => Promise<CommitResult>,
) => Promise<CommitResult>;

/**
 * Guards commits against their journal. A commit fails where the whole store does. Any other failure may be the
 * journal's, so the commit is repeated without its entries; if that succeeds, they are reported as lost. The next commit
 * has its entries again, except for half a minute after two slow failures, one after the other.
 */
export function guardedCommit({ clock, journal, isOfStore }: GuardDeps): GuardedCommit {
  let slow: { readonly error: unknown; readonly atMs: number; readonly isSecond: boolean } | null = null;
  return async (entries, write) => {
    if (!journal || entries.length === 0) return write([]);
    const begunMs = clock.now();
    if (slow?.isSecond && isWithin(restMs, slow.atMs, begunMs)) {
      const result = await write([]);
      if (result.kind === "committed") journal.failed(resting(slow), entries.length);
      return result;
    }
    try {
      const result = await write(entries);
      slow = null;
      return result;
    } catch (error) {
      if (isOfStore(error)) throw error;
      const atMs = clock.now();
      const result = await write([]);
      if (result.kind === "committed") journal.failed(error, entries.length);
      // Commits that were under way at once have met the same failure.
      const isSecond = slow !== null && slow.atMs <= begunMs;
      slow = atMs - begunMs < slowMs ? null : { error, atMs, isSecond };
      return result;
    }
  };
}

function resting({ error, atMs }: { readonly error: unknown; readonly atMs: number }): StoreError {
  const why = error instanceof StoreError ? error.message : nameOf(error);
  const until = new Date(atMs + restMs).toISOString();
  return new StoreError("unavailable", `left out until ${until} after two slow failures, the last: ${why}`);
}
