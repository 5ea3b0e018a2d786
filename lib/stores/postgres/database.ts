import type { Clock, Random } from "../../core/clock.ts";
import { StoreError } from "../../core/errors.ts";
import { type ConnectionOptions, openConnections } from "./connections.ts";
import { postgresTrouble } from "./errors.ts";
import { prepareSchema, quoted } from "./schema.ts";

const maxAttempts = 4;
/** Upper bound of the first wait; it doubles, with full jitter. */
const firstWaitMs = 100;

type Row = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly rows: readonly Row[];
  /** Rows that were read or changed. */
  readonly count: number;
}

/** One schema of a PostgreSQL server; checkpoints, parked deliveries and dead letters share it. */
export interface Database {
  /** A table's name for a statement, with its schema. */
  table(name: string): string;
  /**
   * Runs one statement, a transaction of its own. It is run again after a failure that passes, and may then have had
   * its effect already: it must be one that can be repeated.
   * @throws StoreError
   */
  query(statement: string, values?: readonly unknown[]): Promise<Answer>;
  close(): Promise<void>;
}

export interface DatabaseOptions extends ConnectionOptions {
  readonly schema: string;
}

export interface DatabaseDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** Connects to nothing before the first statement. */
export function openDatabase(options: DatabaseOptions, { clock, random }: DatabaseDeps): Database {
  const { url, schema } = options;
  const connections = openConnections(options, (connection) => prepareSchema(connection, schema), clock);
  const closed = new AbortController();

  const storeError = (error: unknown): StoreError => {
    const { reason, problem } = error instanceof StoreError ? asTold(error) : postgresTrouble(error);
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
            connection.query<Row>(statement, [...values]),
          );
          return { rows, count: rowCount ?? 0 };
        } catch (error) {
          const isPassing = !(error instanceof StoreError) && postgresTrouble(error).isPassing;
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
