import type { Clock, Random } from "../../core/clock.ts";
import { StoreError } from "../../core/errors.ts";
import { type ConnectionOptions, openConnections } from "./connections.ts";
import { postgresFailure } from "./errors.ts";
import { prepareSchema, prepareToRead, quoted } from "./schema.ts";

const maxAttempts = 4;
/** Upper bound of the first wait, milliseconds; doubles with each retry, with full jitter. */
const firstWaitMs = 100;

type SqlRow = Readonly<Record<string, unknown>>;

/** Result of a statement. */
export interface StatementResult {
  readonly rows: readonly SqlRow[];
  /** Rows read or changed. */
  readonly count: number;
}

/** One schema of a PostgreSQL server, shared by checkpoints, parked deliveries and dead letters. */
export interface PostgresDatabase {
  /** Returns a table's name with its schema, for a statement. */
  table(name: string): string;
  /**
   * Runs one statement as a transaction of its own. It is retried after temporary failures, possibly after it took
   * effect, so it must be repeatable.
   * @throws StoreError
   */
  query(statement: string, values?: readonly unknown[]): Promise<StatementResult>;
  close(): Promise<void>;
}

/** Settings of a database. */
export interface DatabaseOptions extends ConnectionOptions {
  readonly schema: string;
}

/** Injected parts of a database. */
export interface DatabaseDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Whether the session may only read: no table is made. @default false */
  readonly readOnly?: boolean;
}

/** Opens a database. It does not connect before the first statement. */
export function openDatabase(
  options: DatabaseOptions,
  { clock, random, readOnly = false }: DatabaseDeps,
): PostgresDatabase {
  const { url, schema } = options;
  const prepare = readOnly ? prepareToRead : prepareSchema;
  const connections = openConnections(options, (connection) => prepare(connection, schema), clock);
  const closed = new AbortController();

  const storeError = (error: unknown): StoreError => {
    const { reason, problem } = error instanceof StoreError ? asTold(error) : postgresFailure(error);
    return new StoreError(reason, `postgres ${url.host}:${url.port}/${url.database}: ${problem}`, {
      cause: error,
    });
  };

  return {
    table: (name) => `${quoted(schema)}.${quoted(name)}`,
    query: async (statement, values = []) => {
      for (let attempt = 1; ; attempt++) {
        try {
          const { rows, rowCount } = await connections.use((connection) =>
            connection.query<SqlRow>(statement, [...values]),
          );
          return { rows, count: rowCount ?? 0 };
        } catch (error) {
          const isPassing = !(error instanceof StoreError) && postgresFailure(error).isPassing;
          if (!isPassing || attempt === maxAttempts || closed.signal.aborted) throw storeError(error);
          await clock.sleep(random() * firstWaitMs * 2 ** attempt, closed.signal);
        }
      }
    },
    close: () => {
      closed.abort(null);
      return connections.close();
    },
  };
}

const asTold = ({ reason, message }: StoreError) => ({ reason, problem: message });
