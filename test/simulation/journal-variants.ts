import type { JournalEntry } from "../../lib/journal/entry.ts";
import type { Broken } from "./variants.ts";

const journaling = (
  name: string,
  change: (entries: readonly JournalEntry[]) => readonly JournalEntry[],
): Broken => ({
  name,
  caughtBy: ["journal"],
  checkpoints: (store) => ({
    ...store,
    commit: (stream, next, expected, entries = []) => store.commit(stream, next, expected, change(entries)),
  }),
});

/** Bridges whose journal does not say what happened. */
export const journalVariants: readonly Broken[] = [
  journaling("journal-without-attempts", (entries) => entries.filter(({ kind }) => kind === "event")),
  journaling("journal-without-events", (entries) => entries.filter(({ kind }) => kind === "delivery")),
  journaling("journal-takes-a-retry-for-acceptance", (entries) =>
    entries.map((entry) =>
      entry.kind === "delivery" && entry.outcome === "retried" ? { ...entry, outcome: "accepted" } : entry,
    ),
  ),
];
