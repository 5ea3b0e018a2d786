import { batchId, decodeBatch, encodeBatch, type ParkedStore } from "../../checkpoint/parked.ts";
import type { SqliteDatabase } from "./database.ts";

/** Parked deliveries in SQLite: one row per batch. */
export function fileParked(database: SqliteDatabase): ParkedStore {
  return {
    put: async (stream, id, deliveries) => {
      const batch = encodeBatch(stream, id, deliveries);
      database.use((sql) =>
        sql.prepare("INSERT INTO parked (stream, id, batch) VALUES (?, ?, ?)").run(stream, id, batch),
      );
    },
    get: async (stream, id) =>
      database.use((sql) => {
        const row = sql.prepare("SELECT batch FROM parked WHERE stream = ? AND id = ?").get(stream, id);
        return row ? decodeBatch(stream, id, String(row["batch"])) : null;
      }),
    remove: async (stream, ids) => {
      database.use((sql) =>
        sql
          .prepare("DELETE FROM parked WHERE stream = ? AND id IN (SELECT value FROM json_each(?))")
          .run(stream, JSON.stringify(ids)),
      );
    },
    list: async (stream) =>
      database.use((sql) =>
        sql
          .prepare("SELECT id FROM parked WHERE stream = ? ORDER BY id")
          .all(stream)
          .map((row) => batchId(String(row["id"]))),
      ),
    close: async () => database.close(),
  };
}
