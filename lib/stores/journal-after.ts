import type { CheckpointStore } from "../checkpoint/store.ts";
import { StoreError } from "../core/errors.ts";
import type { JournalEntry } from "../journal/entry.ts";
import type { Journal } from "../journal/journal.ts";
import type { JournalSettings } from "./journal-guard.ts";
import type { Stores } from "./stores.ts";

/** Commits whose entries may still be on their way; those of further commits are lost. */
const maxWriting = 32;

/**
 * Adds a journal to a store that cannot write it with the record: the entries follow the commit, best effort. Nothing
 * waits for them but the end of a run. Without settings the store has no journal.
 */
export function journalAfter(
  checkpoints: CheckpointStore,
  settings: JournalSettings | null,
  open: (settings: JournalSettings) => Journal,
): Pick<Stores, "checkpoints" | "journal"> {
  if (!settings) return { checkpoints, journal: null };
  const { failed } = settings;
  const journal = open(settings);
  const writing = new Set<Promise<void>>();

  function append(entries: readonly JournalEntry[]): void {
    if (writing.size >= maxWriting) {
      failed(tooSlow, entries.length);
      return;
    }
    const written = journal
      .append(entries)
      .catch((error: unknown) => failed(error, entries.length))
      .finally(() => writing.delete(written));
    writing.add(written);
  }

  const settled = async (): Promise<void> => void (await Promise.all(writing));
  return {
    checkpoints: {
      ...checkpoints,
      commit: async (stream, next, expected, entries = []) => {
        const result = await checkpoints.commit(stream, next, expected);
        if (result.kind === "committed" && entries.length > 0) append(entries);
        return result;
      },
      close: async () => {
        await settled();
        await checkpoints.close();
      },
    },
    journal: { ...journal, settled },
  };
}

const tooSlow = new StoreError("unavailable", "its store is slower than the commits");
