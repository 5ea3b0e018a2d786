import type { Clock } from "../../core/clock.ts";
import { decodeEntry, encodeEntry } from "../../journal/codec.ts";
import { type JournalEntry, taskOf } from "../../journal/entry.ts";
import { deliveriesPerEvent, type Journal } from "../../journal/journal.ts";
import type { PostgresDatabase } from "./database.ts";

const pageSize = 500;
/** Entries deleted by one statement: it locks only these rows, for milliseconds. */
const sliceSize = 500;

/** The journal in PostgreSQL: one row per entry. */
export function postgresJournal(database: PostgresDatabase, clock: Clock): Journal {
  const table = database.table("journal");
  return {
    append: async (entries) => {
      if (entries.length > 0)
        await database.query(
          `INSERT INTO ${table} (kind, written_ms, task, entry) ${unnested(1)}`,
          columns(entries, clock.now()),
        );
    },
    async *read({ sinceMs, untilMs, task, newestFirst = false }) {
      let after: readonly unknown[] = [null, null];
      const [direction, beyond] = newestFirst ? ["DESC", "<"] : ["ASC", ">"];
      for (;;) {
        const { rows } = await database.query(
          `SELECT id, written_ms, entry FROM ${table}
           WHERE written_ms BETWEEN $1 AND $2
             AND ($3::text IS NULL OR left(task, length($3)) = $3 OR right(task, length($3)) = $3)
             AND ($4::bigint IS NULL OR (written_ms, id) ${beyond} ($4::bigint, $5::bigint))
           ORDER BY written_ms ${direction}, id ${direction} LIMIT ${pageSize}`,
          [sinceMs, untilMs ?? Number.MAX_SAFE_INTEGER, task ?? null, ...after],
        );
        for (const row of rows)
          yield decodeEntry(String(row["entry"]), {
            id: String(row["id"]),
            writtenMs: Number(row["written_ms"]),
          });
        const last = rows.at(-1);
        if (!last || rows.length < pageSize) return;
        after = [last["written_ms"], last["id"]];
      }
    },
    trim: async ({ sinceMs, maxEvents }) => {
      const slice = async (kind: JournalEntry["kind"], most: number): Promise<boolean> => {
        const { count } = await database.query(
          // The entries of one commit have one instant, so the bound is a place: instant and id.
          `WITH surplus AS (
             SELECT written_ms, id FROM ${table} WHERE kind = $1
             ORDER BY written_ms DESC, id DESC LIMIT 1 OFFSET $3)
           DELETE FROM ${table} WHERE id IN (
             SELECT id FROM ${table}
             WHERE kind = $1 AND written_ms <= greatest($2::bigint, (SELECT written_ms FROM surplus))
               AND (written_ms <= $2::bigint OR (written_ms, id) <= (SELECT written_ms, id FROM surplus))
             ORDER BY written_ms, id LIMIT ${sliceSize} FOR UPDATE SKIP LOCKED)`,
          [kind, sinceMs - 1, most],
        );
        return count === sliceSize;
      };
      const hasMoreEvents = await slice("event", maxEvents);
      const hasMoreDeliveries = await slice("delivery", maxEvents * deliveriesPerEvent);
      return hasMoreEvents || hasMoreDeliveries;
    },
    trimEveryMs: 60_000,
    settled: async () => {},
    close: () => database.close(),
  };
}

/**
 * Adds entries to a statement that writes a record: they are inserted by the same statement, and only if it wrote one.
 * The count of its result is above zero if it did.
 */
export function withEntries(
  database: PostgresDatabase,
  statement: string,
  values: readonly unknown[],
  entries: readonly JournalEntry[],
  nowMs: number,
): readonly [statement: string, values: readonly unknown[]] {
  if (entries.length === 0) return [statement, values];
  return [
    `WITH written AS (${statement} RETURNING 1)
     INSERT INTO ${database.table("journal")} (kind, written_ms, task, entry)
     ${unnested(values.length + 1)} WHERE EXISTS (SELECT FROM written)`,
    [...values, ...columns(entries, nowMs)],
  ];
}

/** Rows of the four parameters from `first`. */
const unnested = (first: number): string =>
  `SELECT * FROM unnest($${first}::text[], $${first + 1}::bigint[], $${first + 2}::text[], $${first + 3}::text[])`;

const columns = (entries: readonly JournalEntry[], nowMs: number): readonly unknown[] => [
  entries.map(({ kind }) => kind),
  entries.map(() => nowMs),
  entries.map(taskOf),
  entries.map(encodeEntry),
];
