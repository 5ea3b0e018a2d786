import {
  type DeadLetterStore,
  decodeDeadLetter,
  encodeDeadLetter,
  matchesFilter,
} from "../../delivery/dead-letters.ts";
import type { PostgresDatabase } from "./database.ts";

/** Dead letters in PostgreSQL: one row each. */
export function postgresDeadLetters(database: PostgresDatabase): DeadLetterStore {
  const table = database.table("dead_letter");
  return {
    put: async (deadLetters) => {
      // One statement may not write a row twice.
      const each = [...new Map(deadLetters.map((deadLetter) => [deadLetter.id, deadLetter])).values()];
      if (each.length === 0) return;
      await database.query(
        `INSERT INTO ${table} (id, sink, letter, given_up_at_ms, sequence)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::float8[])
         ON CONFLICT (id) DO UPDATE SET sink = excluded.sink, letter = excluded.letter,
           given_up_at_ms = excluded.given_up_at_ms, sequence = excluded.sequence`,
        [
          each.map(({ id }) => id),
          each.map(({ sink }) => sink),
          each.map(encodeDeadLetter),
          each.map(({ givenUpAtMs }) => givenUpAtMs),
          each.map(({ sequence }) => sequence),
        ],
      );
    },
    list: async (filter) => {
      const { rows } = await database.query(
        `SELECT id, letter FROM ${table}
         WHERE ($1::text IS NULL OR sink = $1) AND ($2::text IS NULL OR id = $2)
           AND ($3::bigint IS NULL OR given_up_at_ms < $3)
         ORDER BY given_up_at_ms, sequence, id`,
        [filter.sink ?? null, filter.id ?? null, filter.givenUpBeforeMs ?? null],
      );
      return rows
        .map((row) => decodeDeadLetter(String(row["letter"]), String(row["id"])))
        .filter((deadLetter) => matchesFilter(deadLetter, filter));
    },
    remove: async (ids) => {
      await database.query(`DELETE FROM ${table} WHERE id = ANY($1::text[])`, [ids]);
    },
    close: () => database.close(),
  };
}
