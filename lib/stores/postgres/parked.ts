import { batchId, decodeBatch, encodeBatch, type ParkedStore } from "../../checkpoint/parked.ts";
import type { PostgresDatabase } from "./database.ts";

/** Parked deliveries in PostgreSQL: one row per batch. */
export function postgresParked(database: PostgresDatabase): ParkedStore {
  const table = database.table("parked");
  return {
    put: async (stream, id, deliveries) => {
      // Batches are written once: an existing one comes from an attempt whose response was lost.
      await database.query(
        `INSERT INTO ${table} (stream, id, batch) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
        [stream, id, encodeBatch(stream, id, deliveries)],
      );
    },
    get: async (stream, id) => {
      const { rows } = await database.query(`SELECT batch FROM ${table} WHERE stream = $1 AND id = $2`, [
        stream,
        id,
      ]);
      const [row] = rows;
      return row ? decodeBatch(stream, id, String(row["batch"])) : null;
    },
    remove: async (stream, ids) => {
      await database.query(`DELETE FROM ${table} WHERE stream = $1 AND id = ANY($2::text[])`, [stream, ids]);
    },
    list: async (stream) => {
      const { rows } = await database.query(`SELECT id FROM ${table} WHERE stream = $1 ORDER BY id`, [
        stream,
      ]);
      return rows.map((row) => batchId(String(row["id"])));
    },
    close: () => database.close(),
  };
}
