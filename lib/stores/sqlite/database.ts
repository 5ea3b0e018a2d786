import { existsSync, linkSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { ConfigError, StoreError } from "../../core/errors.ts";
import { asStoreError, resultCode } from "./errors.ts";

const applicationId = 0x444d5342;
const schemaVersion = 1;
const busyTimeoutMs = 5_000;
const databaseName = "bridge.db";

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
  CREATE TABLE journal (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    kind  TEXT NOT NULL,
    written_ms INTEGER NOT NULL,
    task  TEXT NOT NULL,
    entry TEXT NOT NULL
  ) STRICT;
  CREATE INDEX journal_time ON journal (written_ms, kind);
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`;

/** The SQLite database shared by checkpoints, parked deliveries, dead letters and the journal. */
export interface SqliteDatabase {
  /** Runs `work` and converts SQLite's errors to StoreError. */
  use<Result>(work: (sql: DatabaseSync) => Result): Result;
  /** Like `use`, as one transaction. */
  transaction<Result>(work: (sql: DatabaseSync) => Result): Result;
  close(): void;
}

/**
 * Opens or creates `folder/bridge.db`. WAL with synchronous FULL: commits are durable.
 * @throws StoreError `unavailable` when the folder is unusable, `corrupt` when the file is not this store's
 * @throws ConfigError when the path cannot be a folder
 */
export const openDatabase = (folder: string): SqliteDatabase =>
  openWith(folder, (file) => {
    makeFolder(folder);
    createIfMissing(folder, file);
    const opened = new DatabaseSync(file, { timeout: busyTimeoutMs });
    return checked(opened, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  });

/**
 * Opens `folder/bridge.db` to read; null when there is none. Nothing is created.
 * @throws StoreError
 * @throws ConfigError when the path cannot be a folder
 */
export function openDatabaseToRead(folder: string): SqliteDatabase | null {
  const file = path.join(folder, databaseName);
  if (!existsSync(file)) {
    guarded(file, () => missingFolders(folder));
    return null;
  }
  return openWith(folder, () => {
    try {
      return openedToRead(file);
    } catch (error) {
      if (!isUnwritable(error) || sizeOf(`${file}-wal`) > 0) throw error;
      // SQLite keeps its index of the log in the folder, unless nothing can change.
      return openedToRead(`${pathToFileURL(file).href}?immutable=1`);
    }
  });
}

const openedToRead = (file: string): DatabaseSync =>
  checked(new DatabaseSync(file, { timeout: busyTimeoutMs, readOnly: true }), "PRAGMA query_only = ON;");

/** Whether SQLite could not create a file beside the database. */
const isUnwritable = (error: unknown): boolean => [8, 14].includes(resultCode(error) ?? 0);

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** Creates a folder and those above it. Node's own recursion never ends below /proc. @throws ConfigError */
function makeFolder(folder: string): void {
  for (const each of missingFolders(folder)) {
    try {
      mkdirSync(each, { mode: 0o700 });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
}

/** The folders of a path that are not there, the outermost first. @throws ConfigError when a file is in the way */
function missingFolders(folder: string): readonly string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  if (existsSync(folder)) {
    const found = `something else at ${folder}`;
    throw new ConfigError([
      { field: "checkpoint.path", expected: "a folder, or one that can be made", found },
    ]);
  }
  return [...missingFolders(path.dirname(folder)), folder];
}

/** Checks whose database it is before the first statement. */
function checked(opened: DatabaseSync, settings: string): DatabaseSync {
  try {
    checkOwner(opened);
    opened.exec(settings);
    return opened;
  } catch (error) {
    opened.close();
    throw error;
  }
}

function guarded<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw asStoreError(error, file);
  }
}

function openWith(folder: string, connect: (file: string) => DatabaseSync): SqliteDatabase {
  const file = path.join(folder, databaseName);
  const sql = guarded(file, () => connect(file));
  const files = new OpenFiles(file);
  const use: SqliteDatabase["use"] = (work) =>
    guarded(file, () => {
      files.check();
      const result = work(sql);
      files.check();
      return result;
    });
  return {
    use,
    transaction: (work) => use(() => inTransaction(sql, work)),
    close: () => {
      if (sql.isOpen) sql.close();
    },
  };
}

function inTransaction<Result>(sql: DatabaseSync, work: (sql: DatabaseSync) => Result): Result {
  sql.exec("BEGIN IMMEDIATE");
  try {
    const result = work(sql);
    sql.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite itself rolls back after some failures, such as a full disk.
    if (sql.isTransaction) sql.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Detects replaced database files. SQLite keeps writing to deleted files, and those commits are lost when the process
 * ends.
 */
class OpenFiles {
  readonly #known: Map<string, bigint | null>;

  constructor(file: string) {
    this.#known = new Map([
      [file, inodeOf(file)],
      [`${file}-wal`, inodeOf(`${file}-wal`)],
    ]);
  }

  /** Checks the files. @throws StoreError `unavailable` when one was replaced */
  check(): void {
    for (const [file, known] of this.#known) {
      const inode = inodeOf(file);
      if (known === null) this.#known.set(file, inode);
      else if (inode !== known) {
        throw new StoreError(
          "unavailable",
          `${path.basename(file)} was deleted or replaced while it was in use; nothing is recorded or delivered: restore it, or restart to start over`,
        );
      }
    }
  }
}

/** Null when the file does not exist. */
const inodeOf = (file: string): bigint | null =>
  statSync(file, { bigint: true, throwIfNoEntry: false })?.ino ?? null;

/** Builds the database under another name first: a `bridge.db` without tables must have had and lost them. */
function createIfMissing(folder: string, file: string): void {
  // Checked first: a process that is creating the database creates it before its log.
  const hasLog = existsSync(`${file}-wal`);
  const found = statSync(file, { throwIfNoEntry: false });
  // SQLite would treat an empty file as a new database, and delete a log beside it.
  if (found?.size === 0) throw new StoreError("corrupt", "the database is an empty file");
  if (found) return;
  if (hasLog) throw new StoreError("corrupt", "the database is missing, but its log bridge.db-wal is there");
  const drafts = mkdtempSync(path.join(folder, "new-"));
  try {
    const draft = path.join(drafts, "bridge.db");
    const sql = new DatabaseSync(draft);
    try {
      sql.exec(`PRAGMA journal_mode = WAL; BEGIN; ${schema} COMMIT;`);
    } finally {
      sql.close();
    }
    // Unlike a rename, a link never replaces a database that another process created first.
    linkSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(drafts, { recursive: true, force: true });
  }
}

/** Checks before any write, so that another program's database stays unchanged. */
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
