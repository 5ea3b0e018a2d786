import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../core/clock.ts";
import { decodeEntry, encodeEntry } from "../../journal/codec.ts";
import { type JournalEntry, taskOf } from "../../journal/entry.ts";
import { deliveriesPerEvent, type Journal } from "../../journal/journal.ts";
import type { SqliteDatabase } from "./database.ts";

const pageSize = 500;
/** Entries deleted at once: a slice holds the database for milliseconds. */
const sliceSize = 500;

/** The journal in SQLite: one row per entry. */
export function fileJournal(database: SqliteDatabase, clock: Clock): Journal {
  return {
    append: async (entries) => database.transaction((sql) => insertEntries(sql, entries, clock.now())),
    async *read({ sinceMs, untilMs, task, newestFirst = false }) {
      let after: readonly [writtenMs: number, id: number] | null = null;
      const [direction, beyond] = newestFirst ? ["DESC", "<"] : ["ASC", ">"];
      for (;;) {
        const rows: readonly JournalRow[] = database.use((sql) =>
          sql
            .prepare(
              `SELECT id, written_ms, entry FROM journal
               WHERE written_ms BETWEEN :since AND :until
                 AND (:task IS NULL OR substr(task, 1, length(:task)) = :task OR substr(task, -length(:task)) = :task)
                 AND (:id IS NULL OR (written_ms, id) ${beyond} (:at, :id))
               ORDER BY written_ms ${direction}, id ${direction} LIMIT ${pageSize}`,
            )
            .all({
              since: sinceMs,
              until: untilMs ?? Number.MAX_SAFE_INTEGER,
              task: task ?? null,
              at: after?.[0] ?? null,
              id: after?.[1] ?? null,
            })
            .map(rowOf),
        );
        for (const { id, writtenMs, entry } of rows) yield decodeEntry(entry, { id: String(id), writtenMs });
        const last = rows.at(-1);
        if (!last || rows.length < pageSize) return;
        after = [last.writtenMs, last.id];
      }
    },
    trim: async ({ sinceMs, maxEvents }) => {
      const slice = (kind: JournalEntry["kind"], most: number): boolean =>
        database.use((sql) => {
          const { changes } = sql
            .prepare(
              // The entries of one commit have one instant, so the bound is a place: instant and id.
              `WITH surplus AS (
                 SELECT written_ms, id FROM journal WHERE kind = :kind
                 ORDER BY written_ms DESC, id DESC LIMIT 1 OFFSET :most)
               DELETE FROM journal WHERE id IN (
                 SELECT id FROM journal
                 WHERE kind = :kind AND written_ms <= max(:before, coalesce((SELECT written_ms FROM surplus), 0))
                   AND (written_ms <= :before OR (written_ms, id) <= (SELECT written_ms, id FROM surplus))
                 ORDER BY written_ms, id LIMIT ${sliceSize})`,
            )
            .run({ kind, before: sinceMs - 1, most });
          return Number(changes) === sliceSize;
        });
      const hasMoreEvents = slice("event", maxEvents);
      const hasMoreDeliveries = slice("delivery", maxEvents * deliveriesPerEvent);
      return hasMoreEvents || hasMoreDeliveries;
    },
    trimEveryMs: 60_000,
    settled: async () => {},
    close: async () => database.close(),
  };
}

/** Inserts entries within a transaction. */
export function insertEntries(sql: DatabaseSync, entries: readonly JournalEntry[], nowMs: number): void {
  const insert = sql.prepare("INSERT INTO journal (kind, written_ms, task, entry) VALUES (?, ?, ?, ?)");
  for (const entry of entries) insert.run(entry.kind, nowMs, taskOf(entry), encodeEntry(entry));
}

interface JournalRow {
  readonly id: number;
  readonly writtenMs: number;
  readonly entry: string;
}

const rowOf = (row: Readonly<Record<string, unknown>>): JournalRow => ({
  id: Number(row["id"]),
  writtenMs: Number(row["written_ms"]),
  entry: String(row["entry"]),
});
