import { StoreError } from "../../core/errors.ts";
import { type DatabaseDeps, type DatabaseOptions, openDatabase, type PostgresDatabase } from "./database.ts";
import { versionTable } from "./schema.ts";

/** Tables that the stores write, each with a column. A parked batch is never changed. */
const tables = [
  { name: "checkpoint", column: "stream", kinds: ["INSERT", "UPDATE", "DELETE"] },
  { name: "dead_letter", column: "sink", kinds: ["INSERT", "UPDATE", "DELETE"] },
  { name: "parked", column: "stream", kinds: ["INSERT", "DELETE"] },
  { name: "journal", column: "kind", kinds: ["INSERT", "UPDATE", "DELETE"] },
] as const;

/**
 * Runs each kind of statement on each table, over no row, so that rights and tables that are missing are found before a
 * run needs them. False where the schema has no tables yet; then only the right to make them is checked.
 * @throws StoreError that names the table and the statement
 */
export async function probeTables(options: DatabaseOptions, deps: DatabaseDeps): Promise<boolean> {
  const isMade = await using(openDatabase(options, { ...deps, readOnly: true }), (database) =>
    isReady(database, options.schema),
  );
  if (isMade) await using(openDatabase(options, deps), runEach);
  return isMade;
}

async function using<Result>(
  database: PostgresDatabase,
  work: (database: PostgresDatabase) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

async function isReady(database: PostgresDatabase, schema: string): Promise<boolean> {
  const { rows } = await database.query(
    `SELECT to_regclass($1) IS NOT NULL AS is_made,
            CASE WHEN EXISTS (SELECT FROM pg_namespace WHERE nspname = $2) THEN has_schema_privilege($2, 'CREATE')
                 ELSE has_database_privilege(current_database(), 'CREATE') END AS may_make`,
    [database.table(versionTable), schema],
  );
  const { is_made: isMade, may_make: mayMake } = rows[0] ?? {};
  if (!isMade && !mayMake)
    throw new StoreError("unavailable", `the user may not make the tables of schema ${schema}: grant CREATE`);
  return isMade === true;
}

async function runEach(database: PostgresDatabase): Promise<void> {
  for (const { name, column, kinds } of tables) {
    const table = database.table(name);
    const statements = {
      INSERT: `INSERT INTO ${table} (${column}) SELECT ${column} FROM ${table} WHERE false`,
      UPDATE: `UPDATE ${table} SET ${column} = ${column} WHERE false`,
      DELETE: `DELETE FROM ${table} WHERE ${column} = '' AND false`,
    };
    for (const kind of kinds) {
      try {
        await database.query(statements[kind]);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        throw new StoreError(error.reason, `${error.message}, on ${kind}`, { cause: error });
      }
    }
  }
}
