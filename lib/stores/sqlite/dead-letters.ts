import {
  type DeadLetterStore,
  decodeDeadLetter,
  encodeDeadLetter,
  matchesFilter,
} from "../../delivery/dead-letters.ts";
import type { SqliteDatabase } from "./database.ts";

/** Dead letters in SQLite. */
export function fileDeadLetters(database: SqliteDatabase): DeadLetterStore {
  return {
    put: async (deadLetters) =>
      database.transaction((sql) => {
        const put = sql.prepare(
          "INSERT OR REPLACE INTO dead_letter (id, sink, letter, given_up_at_ms) VALUES (?, ?, ?, ?)",
        );
        for (const deadLetter of deadLetters)
          put.run(deadLetter.id, deadLetter.sink, encodeDeadLetter(deadLetter), deadLetter.givenUpAtMs);
      }),
    list: async (filter) =>
      database.use((sql) =>
        sql
          .prepare(
            `SELECT id, letter FROM dead_letter
             WHERE (:sink IS NULL OR sink = :sink) AND (:id IS NULL OR id = :id)
               AND (:before IS NULL OR given_up_at_ms < :before)
             ORDER BY given_up_at_ms, rowid`,
          )
          .all({
            sink: filter.sink ?? null,
            id: filter.id ?? null,
            before: filter.givenUpBeforeMs ?? null,
          })
          .map((row) => decodeDeadLetter(String(row["letter"]), String(row["id"])))
          .filter((deadLetter) => matchesFilter(deadLetter, filter)),
      ),
    remove: async (ids) =>
      database.use((sql) => {
        sql
          .prepare("DELETE FROM dead_letter WHERE id IN (SELECT value FROM json_each(?))")
          .run(JSON.stringify(ids));
      }),
    close: async () => database.close(),
  };
}
