import { type ActivityIndex, lastActiveMs } from "../../checkpoint/activity.ts";
import { encodeCheckpoint } from "../../checkpoint/codec.ts";
import type { CheckpointStore, Version } from "../../checkpoint/store.ts";
import type { Clock } from "../../core/clock.ts";
import type { StreamKey } from "../../core/names.ts";
import { guardedCommit, type JournalSettings } from "../journal-guard.ts";
import { decodeRecord } from "../record.ts";
import type { PostgresDatabase } from "./database.ts";
import { isOfServer } from "./errors.ts";
import { withEntries } from "./journal.ts";

/** Parts that the checkpoints need. */
export interface PostgresCheckpointDeps {
  readonly clock: Clock;
  /** Returns a unique UUID, which identifies our own commits. */
  readonly newId: () => string;
  /** @default off */
  readonly journal?: JournalSettings | null;
}

/**
 * Checkpoints in PostgreSQL: one row per stream, written whole with its version by one statement, and with the journal's
 * entries.
 */
export function postgresCheckpoints(
  database: PostgresDatabase,
  { clock, newId, journal = null }: PostgresCheckpointDeps,
): CheckpointStore {
  const guarded = guardedCommit({ clock, journal, isOfStore: isOfServer });
  const table = database.table("checkpoint");
  const insert = `INSERT INTO ${table} (stream, version, written_by, record, active_ms)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`;
  const update = `UPDATE ${table} SET version = $2, written_by = $3, record = $4, active_ms = $5
    WHERE stream = $1 AND version = $6`;
  return {
    load: async (stream) => {
      const { rows } = await database.query(`SELECT version, record FROM ${table} WHERE stream = $1`, [
        stream,
      ]);
      const [row] = rows;
      return row
        ? {
            version: Number(row["version"]) as Version,
            checkpoint: decodeRecord(stream, String(row["record"])),
          }
        : null;
    },
    commit: async (stream, next, expected, entries = []) => {
      const version = ((expected ?? 0) + 1) as Version;
      const writtenBy = newId();
      const values = [
        stream,
        version,
        writtenBy,
        encodeCheckpoint(stream, next),
        lastActiveMs(next, clock.now()),
      ];
      const all = expected === null ? values : [...values, expected];
      const statement = expected === null ? insert : update;
      return guarded(entries, async (told) => {
        const { count } = await database.query(...withEntries(database, statement, all, told, clock.now()));
        if (count > 0) return { kind: "committed", version };
        // An earlier attempt whose response was lost may have written this version.
        const { rows } = await database.query(`SELECT written_by FROM ${table} WHERE stream = $1`, [stream]);
        return rows[0]?.["written_by"] === writtenBy ? { kind: "committed", version } : { kind: "conflict" };
      });
    },
    list: async () => {
      const { rows } = await database.query(`SELECT stream FROM ${table} ORDER BY stream`);
      return rows.map((row) => String(row["stream"]) as StreamKey);
    },
    reset: async (stream) => {
      await database.query(`DELETE FROM ${table} WHERE stream = $1`, [stream]);
    },
    close: () => database.close(),
  };
}

/** Activity index in the checkpoint table. A record and its index entry are one commit. */
export const postgresActivity = (database: PostgresDatabase): ActivityIndex => ({
  activeSince: async (ms) => {
    const { rows } = await database.query(
      `SELECT stream, active_ms FROM ${database.table("checkpoint")} WHERE active_ms > $1`,
      [ms],
    );
    return new Map(rows.map((row) => [String(row["stream"]) as StreamKey, Number(row["active_ms"])]));
  },
});
