import type { CommitResult } from "../checkpoint/store.ts";
import { type Clock, isWithin } from "../core/clock.ts";
import type { JournalEntry } from "../journal/entry.ts";
import type { JournalLimits } from "../journal/journal.ts";

/** Settings of a store's journal. */
export interface JournalSettings extends JournalLimits {
  /** Called when entries could not be kept; never throws. */
  readonly failed: (error: unknown, lost: number) => void;
}

/** How long commits go without the journal after it failed, milliseconds: its failure may cost a time-out. */
const restMs = 30_000;

/** Writes a commit with its entries. */
export type GuardedCommit = (
  entries: readonly JournalEntry[],
  write: (entries: readonly JournalEntry[]) => Promise<CommitResult>,
) => Promise<CommitResult>;

/**
 * Guards commits against their journal: a commit that fails with its entries is repeated without them. If that succeeds,
 * the failure was the journal's; it is reported, and the next commits go without it for half a minute.
 */
export function guardedCommit(clock: Clock, settings: JournalSettings | null): GuardedCommit {
  let failure: { readonly error: unknown; readonly atMs: number } | null = null;
  return async (entries, write) => {
    if (!settings || entries.length === 0) return write([]);
    if (!failure || !isWithin(restMs, failure.atMs, clock.now())) {
      try {
        return await write(entries);
      } catch (error) {
        failure = { error, atMs: clock.now() };
      }
    }
    const result = await write([]);
    if (result.kind === "committed") settings.failed(failure.error, entries.length);
    return result;
  };
}
