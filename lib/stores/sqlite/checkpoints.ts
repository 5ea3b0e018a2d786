import type { DatabaseSync, StatementResultingChanges } from "node:sqlite";
import { decodeCheckpoint, encodeCheckpoint } from "../../checkpoint/codec.ts";
import type { CheckpointStore, Version } from "../../checkpoint/store.ts";
import { StoreError } from "../../core/errors.ts";
import type { StreamKey } from "../../core/names.ts";
import type { Database } from "./database.ts";

/** Checkpoints in the embedded database: one row a stream, written whole under its version. */
export function fileCheckpoints(database: Database): CheckpointStore {
  return {
    load: async (stream) =>
      database.use((sql) => {
        const row = sql.prepare("SELECT version, record FROM checkpoint WHERE stream = ?").get(stream);
        if (!row) return null;
        return {
          version: Number(row["version"]) as Version,
          checkpoint: decode(stream, String(row["record"])),
        };
      }),
    commit: async (stream, next, expected) => {
      const record = encodeCheckpoint(next);
      const version = ((expected ?? 0) + 1) as Version;
      const { changes } = database.use((sql) =>
        expected === null
          ? insert(sql, stream, version, record)
          : sql
              .prepare("UPDATE checkpoint SET version = ?, record = ? WHERE stream = ? AND version = ?")
              .run(version, record, stream, expected),
      );
      return changes === 1 ? { kind: "committed", version } : { kind: "conflict" };
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

/** A stream's first record also leaves the log: a log that is lost takes changes with it, but not the stream. */
function insert(
  sql: DatabaseSync,
  stream: StreamKey,
  version: Version,
  record: string,
): StatementResultingChanges {
  const result = sql
    .prepare("INSERT INTO checkpoint (stream, version, record) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
    .run(stream, version, record);
  sql.exec("PRAGMA wal_checkpoint(PASSIVE)");
  return result;
}

function decode(stream: StreamKey, record: string) {
  try {
    return decodeCheckpoint(record);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new StoreError(error.reason, `checkpoint ${stream}: ${error.message}`, { cause: error });
  }
}
