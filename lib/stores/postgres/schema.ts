import { StoreError } from "../../core/errors.ts";
import { ReadOnlyError, type SqlConnection, statementMs } from "./connections.ts";

/**
 * Migrations: each entry leads from the schema of its index to the next. Older programs may still be running, so an
 * entry only adds and never renames or removes. `$` stands for the schema with its dot.
 */
const migrations: readonly string[] = [
  `CREATE TABLE $checkpoint (
     stream     text COLLATE "C" PRIMARY KEY,
     version    bigint NOT NULL,
     written_by uuid NOT NULL,
     record     text NOT NULL,
     active_ms  bigint NOT NULL
   );
   CREATE INDEX checkpoint_activity ON $checkpoint (active_ms);
   CREATE TABLE $dead_letter (
     id             text COLLATE "C" PRIMARY KEY,
     sink           text COLLATE "C" NOT NULL,
     letter         text NOT NULL,
     given_up_at_ms bigint NOT NULL,
     sequence       double precision NOT NULL
   );
   CREATE TABLE $parked (
     stream text COLLATE "C" NOT NULL,
     id     text COLLATE "C" NOT NULL,
     batch  text NOT NULL,
     PRIMARY KEY (stream, id)
   );
   CREATE TABLE $journal (
     id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     kind  text NOT NULL,
     written_ms bigint NOT NULL,
     task  text COLLATE "C" NOT NULL,
     entry text NOT NULL
   );
   CREATE INDEX journal_time ON $journal (written_ms, kind);`,
];

/** Table that holds the schema's version; no other program uses this name. */
export const versionTable = "dms_task_bridge";
/** Number of our advisory lock: `dmsb` in ASCII. */
const lockNumber = 0x646d7362;

/** Quotes a name for SQL, so that it cannot be a keyword. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Prepares a new connection: durable commits, a statement limit, and tables in this program's version.
 * @throws StoreError for an unusable server or schema
 */
export async function prepareSchema(connection: SqlConnection, schema: string): Promise<void> {
  await connection.query(
    `SET synchronous_commit = on; SET statement_timeout = ${statementMs};
     SET idle_in_transaction_session_timeout = ${statementMs};
     SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED`,
  );
  const { rows } = await connection.query(
    `SELECT current_setting('server_encoding') AS encoding,
            current_setting('transaction_read_only') AS read_only,
            to_regclass($1) IS NOT NULL AS is_there`,
    [`${quoted(schema)}.${versionTable}`],
  );
  const [{ encoding, read_only, is_there }] = rows;
  if (read_only === "on") throw new ReadOnlyError();
  if (encoding !== "UTF8")
    throw new StoreError("unavailable", `the database's encoding is ${encoding}, and the store needs UTF8`);
  if (is_there && (await versionIn(connection, schema)) === migrations.length) return;
  await migrate(connection, schema);
}

/**
 * Prepares a new connection that only reads, also from a replica. Nothing is made or migrated.
 * @throws StoreError when a newer program made the tables
 */
export async function prepareToRead(connection: SqlConnection, schema: string): Promise<void> {
  await connection.query(
    `SET statement_timeout = ${statementMs}; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY`,
  );
  const { rows } = await connection.query("SELECT to_regclass($1) IS NOT NULL AS is_there", [
    `${quoted(schema)}.${versionTable}`,
  ]);
  if (rows[0].is_there) await versionIn(connection, schema);
}

/** Migrates the schema, one process at a time; processes that waited find it done. */
async function migrate(connection: SqlConnection, schema: string): Promise<void> {
  await connection.query("BEGIN");
  await connection.query("SELECT pg_advisory_xact_lock($1)", [lockNumber]);
  const { rows } = await connection.query(
    `SELECT to_regclass($1) IS NOT NULL AS is_there,
            EXISTS (SELECT FROM pg_namespace WHERE nspname = $2) AS has_schema`,
    [`${quoted(schema)}.${versionTable}`, schema],
  );
  const [{ is_there, has_schema }] = rows;
  const from = is_there ? await versionIn(connection, schema) : 0;
  // Skipped when the schema exists, for users who may not create one.
  if (!has_schema) await connection.query(`CREATE SCHEMA ${quoted(schema)}`);
  if (!is_there)
    await connection.query(
      `CREATE TABLE ${quoted(schema)}.${versionTable} (version integer NOT NULL);
       INSERT INTO ${quoted(schema)}.${versionTable} VALUES (0)`,
    );
  for (const migration of migrations.slice(from))
    await connection.query(migration.replaceAll("$", `${quoted(schema)}.`));
  await connection.query(`UPDATE ${quoted(schema)}.${versionTable} SET version = ${migrations.length}`);
  await connection.query("COMMIT");
}

/** Reads the schema's version. @throws StoreError `corrupt` when a newer program made the schema */
async function versionIn(connection: SqlConnection, schema: string): Promise<number> {
  const { rows } = await connection.query(`SELECT version FROM ${quoted(schema)}.${versionTable}`);
  const version: unknown = rows[0]?.version;
  if (typeof version !== "number" || rows.length !== 1)
    throw new StoreError(
      "corrupt",
      `the table ${versionTable} of schema ${schema} has not the one row it should`,
    );
  if (version > migrations.length)
    throw new StoreError(
      "corrupt",
      `the tables in schema ${schema} have version ${version}, this program reads ${migrations.length}: upgrade dms-task-bridge`,
    );
  return version;
}
