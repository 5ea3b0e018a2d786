import { existsSync, linkSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../core/errors.ts";

const applicationId = 0x444d5342;
const schemaVersion = 1;
const busyTimeoutMs = 5_000;

const schema = `
  CREATE TABLE checkpoint (
    stream  TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    record  TEXT NOT NULL,
    active_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX checkpoint_activity ON checkpoint (active_ms);
  CREATE TABLE dead_letter (
    id     TEXT PRIMARY KEY,
    sink   TEXT NOT NULL,
    letter TEXT NOT NULL,
    given_up_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE parked (
    stream TEXT NOT NULL,
    id     TEXT NOT NULL,
    batch  TEXT NOT NULL,
    PRIMARY KEY (stream, id)
  ) STRICT;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`;

/** The embedded store's database; checkpoints, parked deliveries and dead letters share it. */
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
    createIfMissing(folder, file);
    const opened = new DatabaseSync(file, { timeout: busyTimeoutMs });
    try {
      checkOwner(opened);
      opened.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  });
  const files = new OpenFiles(file);
  return {
    use: (work) =>
      guarded(() => {
        files.check();
        const result = work(sql);
        files.check();
        return result;
      }),
    close: () => {
      if (sql.isOpen) sql.close();
    },
  };
}

/**
 * The database and its log, as they were opened. SQLite goes on writing to files that were deleted under it, and what it
 * commits there is gone with the process.
 */
class OpenFiles {
  readonly #known: Map<string, bigint | null>;

  constructor(file: string) {
    this.#known = new Map([
      [file, inodeOf(file)],
      [`${file}-wal`, inodeOf(`${file}-wal`)],
    ]);
  }

  /** @throws StoreError `unavailable` when one is another than it was */
  check(): void {
    for (const [file, known] of this.#known) {
      const inode = inodeOf(file);
      if (known === null) this.#known.set(file, inode);
      else if (inode !== known) {
        throw new StoreError(
          "unavailable",
          `${path.basename(file)} was deleted or replaced while it was in use; nothing is recorded or delivered: put it back, or restart to begin anew`,
        );
      }
    }
  }
}

/** Null where there is no such file. */
const inodeOf = (file: string): bigint | null =>
  statSync(file, { bigint: true, throwIfNoEntry: false })?.ino ?? null;

/** Makes the database whole under another name first: a `bridge.db` without its tables was one once, and lost them. */
function createIfMissing(folder: string, file: string): void {
  // Looked for first: another process that makes the database just now makes it before its log.
  const hasLog = existsSync(`${file}-wal`);
  const found = statSync(file, { throwIfNoEntry: false });
  // SQLite would take an empty file for a new database, and delete a log that stands beside it.
  if (found?.size === 0) throw new StoreError("corrupt", "the database is an empty file");
  if (found) return;
  if (hasLog)
    throw new StoreError("corrupt", "the database is gone, and its log bridge.db-wal is still there");
  const drafts = mkdtempSync(path.join(folder, "new-"));
  try {
    const draft = path.join(drafts, "bridge.db");
    const sql = new DatabaseSync(draft);
    try {
      sql.exec(`PRAGMA journal_mode = WAL; BEGIN; ${schema} COMMIT;`);
    } finally {
      sql.close();
    }
    // Unlike a rename, a link never replaces the database of a process that was first.
    linkSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(drafts, { recursive: true, force: true });
  }
}

/** Before anything is written, so that another program's database stays as it is. */
function checkOwner(sql: DatabaseSync): void {
  const { user_version: version } = pragma(sql, "user_version");
  const { application_id: owner } = pragma(sql, "application_id");
  if (owner !== applicationId) throw new StoreError("corrupt", "the database is not a dms-task-bridge store");
  if (version !== schemaVersion) {
    throw new StoreError(
      "corrupt",
      `the database has schema ${version}, this version reads ${schemaVersion}: upgrade dms-task-bridge`,
    );
  }
}

const pragma = (sql: DatabaseSync, name: string): Record<string, unknown> =>
  sql.prepare(`PRAGMA ${name}`).get() ?? {};

const corruptCodes = new Set([11, 26]);
const systemCodes = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOENT",
  "ENOTDIR",
  "EEXIST",
  "ENOSPC",
  "EDQUOT",
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
