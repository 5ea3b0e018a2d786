import { mkdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../errors.ts";

const applicationId = 0x444d5342;
const schemaVersion = 1;
const busyTimeoutMs = 5_000;

const schema = `
  CREATE TABLE checkpoint (
    stream  TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    record  TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE dead_letter (
    id     TEXT PRIMARY KEY,
    sink   TEXT NOT NULL,
    letter TEXT NOT NULL,
    given_up_at_ms INTEGER NOT NULL
  ) STRICT;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`;

/** The embedded store's database; checkpoints and dead letters share it. */
export interface Database {
  /** Runs `work` and turns SQLite's errors into StoreError. */
  use<Result>(work: (sql: DatabaseSync) => Result): Result;
  close(): void;
}

/**
 * Opens `folder/bridge.db`, made where it is missing. WAL with synchronous FULL: what is committed is on the disk.
 * @throws StoreError `unavailable` when the folder cannot be used, `corrupt` when the file is not this store's.
 */
export function openDatabase(folder: string): Database {
  const file = path.join(folder, "bridge.db");
  const guarded = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      throw asStoreError(error, file);
    }
  };
  const sql = guarded(() => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const opened = new DatabaseSync(file, { timeout: busyTimeoutMs });
    try {
      prepare(opened);
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  });
  return {
    use: (work) => guarded(() => work(sql)),
    close: () => {
      if (sql.isOpen) sql.close();
    },
  };
}

function prepare(sql: DatabaseSync): void {
  sql.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  // The write lock makes two processes that start at once agree on who creates the tables.
  sql.exec("BEGIN IMMEDIATE");
  try {
    const { user_version: version } = pragma(sql, "user_version");
    const { application_id: owner } = pragma(sql, "application_id");
    const { tables } = sql.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() ?? {};
    if (version === 0 && owner === 0 && tables === 0) sql.exec(schema);
    else if (owner !== applicationId)
      throw new StoreError("corrupt", "the database is not a dms-task-bridge store");
    else if (version !== schemaVersion) {
      throw new StoreError(
        "corrupt",
        `the database has schema ${version}, this version reads ${schemaVersion}: upgrade dms-task-bridge`,
      );
    }
    sql.exec("COMMIT");
  } catch (error) {
    if (sql.isTransaction) sql.exec("ROLLBACK");
    throw error;
  }
}

const pragma = (sql: DatabaseSync, name: string): Record<string, unknown> =>
  sql.prepare(`PRAGMA ${name}`).get() ?? {};

const corruptCodes = new Set([11, 26]);
const systemCodes = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOTDIR",
  "EEXIST",
  "ENOSPC",
  "ELOOP",
  "ENAMETOOLONG",
]);

function asStoreError(error: unknown, file: string): unknown {
  if (error instanceof StoreError)
    return new StoreError(error.reason, `${file}: ${error.message}`, { cause: error });
  if (!(error instanceof Error)) return error;
  if ("errcode" in error && typeof error.errcode === "number") {
    // Extended result codes keep the primary code in the low byte.
    const reason = corruptCodes.has(error.errcode & 0xff) ? "corrupt" : "unavailable";
    return new StoreError(reason, `${file}: ${error.message}`, { cause: error });
  }
  if ("code" in error && systemCodes.has(String(error.code))) {
    return new StoreError("unavailable", `${file}: ${String(error.code)}`, { cause: error });
  }
  return error;
}
