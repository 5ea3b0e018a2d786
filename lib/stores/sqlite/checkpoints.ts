import type { DatabaseSync, StatementResultingChanges } from "node:sqlite";
import { type ActivityIndex, lastActiveMs } from "../../checkpoint/activity.ts";
import { encodeCheckpoint } from "../../checkpoint/codec.ts";
import type { CheckpointStore, CommitResult, Version } from "../../checkpoint/store.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { StreamKey } from "../../core/names.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import { guardedCommit, type JournalSettings } from "../journal-guard.ts";
import { decodeRecord } from "../record.ts";
import type { SqliteDatabase } from "./database.ts";
import { isOfDatabase } from "./errors.ts";
import { insertEntries } from "./journal.ts";

/** Checkpoints in SQLite: one row per stream, written whole with its version, and with the journal's entries. */
export function fileCheckpoints(
  database: SqliteDatabase,
  clock: Clock = systemClock,
  journal: JournalSettings | null = null,
): CheckpointStore {
  const guarded = guardedCommit({ clock, journal, isOfStore: isOfDatabase });
  return {
    load: async (stream) =>
      database.use((sql) => {
        const row = sql.prepare("SELECT version, record FROM checkpoint WHERE stream = ?").get(stream);
        if (!row) return null;
        return {
          version: Number(row["version"]) as Version,
          checkpoint: decodeRecord(stream, String(row["record"])),
        };
      }),
    commit: async (stream, next, expected, entries = []) => {
      const record = encodeCheckpoint(stream, next);
      const version = ((expected ?? 0) + 1) as Version;
      const activeMs = lastActiveMs(next, clock.now());
      const write = (sql: DatabaseSync): StatementResultingChanges =>
        expected === null
          ? insert(sql, stream, version, record, activeMs)
          : sql
              .prepare(
                "UPDATE checkpoint SET version = ?, record = ?, active_ms = ? WHERE stream = ? AND version = ?",
              )
              .run(version, record, activeMs, stream, expected);
      const writeWith = (told: readonly JournalEntry[]): StatementResultingChanges =>
        told.length === 0
          ? database.use(write)
          : database.transaction((sql) => {
              const result = write(sql);
              if (result.changes === 1) insertEntries(sql, told, clock.now());
              return result;
            });
      return guarded(entries, async (told): Promise<CommitResult> => {
        const { changes } = writeWith(told);
        if (expected === null) database.use(flushLog);
        return changes === 1 ? { kind: "committed", version } : { kind: "conflict" };
      });
    },
    list: async () =>
      database.use((sql) =>
        sql
          .prepare("SELECT stream FROM checkpoint ORDER BY stream")
          .all()
          .map((row) => String(row["stream"]) as StreamKey),
      ),
    reset: async (stream) => {
      database.use((sql) => sql.prepare("DELETE FROM checkpoint WHERE stream = ?").run(stream));
    },
    close: async () => database.close(),
  };
}

/** Activity index in the same database. A record and its index entry are one commit. */
export const fileActivity = (database: SqliteDatabase): ActivityIndex => ({
  activeSince: async (ms) =>
    database.use(
      (sql) =>
        new Map(
          sql
            .prepare("SELECT stream, active_ms FROM checkpoint WHERE active_ms > ?")
            .all(ms)
            .map((row) => [String(row["stream"]) as StreamKey, Number(row["active_ms"])]),
        ),
    ),
});

function insert(
  sql: DatabaseSync,
  stream: StreamKey,
  version: Version,
  record: string,
  activeMs: number,
): StatementResultingChanges {
  return sql
    .prepare(
      "INSERT INTO checkpoint (stream, version, record, active_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .run(stream, version, record, activeMs);
}

/** Moves a stream's first record from the log to the database: if the log is lost later, the stream is not. */
function flushLog(sql: DatabaseSync): void {
  sql.exec("PRAGMA wal_checkpoint(PASSIVE)");
}
