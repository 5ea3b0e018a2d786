import type { Clock } from "../core/clock.ts";
import type { Journal } from "../journal/journal.ts";
import { memoryJournal } from "./memory.ts";

/** A journal that was opened for one read. */
export interface OpenedJournal {
  readonly journal: Journal;
  close(): void | Promise<void>;
}

/**
 * A journal to read that is opened for each read, so that a reader sees a store that is made or replaced later. It is
 * empty where `open` finds none.
 */
export const reopenedJournal = (
  clock: Clock,
  open: () => OpenedJournal | null | Promise<OpenedJournal | null>,
): Journal => ({
  ...memoryJournal(clock),
  async *read(span) {
    const opened = await open();
    try {
      yield* opened?.journal.read(span) ?? [];
    } finally {
      await opened?.close();
    }
  },
});
