import { DatabaseError } from "pg";
import { nameOf, StoreError, type StoreFailure } from "../../core/errors.ts";
import { networkFailure, networkFailureText } from "../../net/network-errors.ts";
import { GarbledError, ReadOnlyError } from "./connections.ts";

/** A failure of the server or the connection. */
export interface PostgresFailure {
  readonly reason: StoreFailure;
  /** Our own words for messages, since the server's may quote values. */
  readonly problem: string;
  /** Whether a retry on another connection is likely to succeed. */
  readonly isPassing: boolean;
}

const failure = (problem: string, isPassing = false): PostgresFailure => ({
  reason: "unavailable",
  problem,
  isPassing,
});
const passing = (problem: string): PostgresFailure => failure(problem, true);
const damaged: PostgresFailure = {
  reason: "corrupt",
  problem: "it found its own data damaged",
  isPassing: false,
};
const foreign = failure("not a PostgreSQL response");
const readOnly = passing(
  "it takes no writes now: it is a standby, or was made read-only, as services do over a full disk",
);

/**
 * Failures by SQLSTATE, or by its class of two characters.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const bySqlState: ReadonlyMap<string, PostgresFailure> = new Map([
  ["08", passing("the connection broke")],
  ["25006", readOnly],
  ["28", failure("it refuses the login: the user, the password, or a connection without TLS")],
  ["3D000", failure("it has no such database")],
  ["3F000", failure("the schema is gone")],
  ["40001", passing("another transaction was in the way")],
  ["40P01", passing("another transaction was in the way")],
  ["42501", failure("the user lacks a right that the store needs")],
  ["42P01", failure("a table of the store is missing")],
  ["42P07", failure("the schema has another program's table of that name: use a schema of its own")],
  ["53100", failure("its disk is full")],
  ["53200", failure("it is out of memory")],
  ["53300", passing("it has no connection left")],
  ["53", failure("it is out of some resource")],
  ["54", failure("a limit of the server is exceeded")],
  ["55P03", failure("another transaction held a lock for too long")],
  ["57014", failure("the statement took too long")],
  ["57P01", passing("it is shutting down")],
  ["57P02", passing("it is shutting down after a crash")],
  ["57P03", passing("it is starting up or shutting down")],
  ["57P05", passing("it closed an idle connection")],
  ["58", failure("its disk fails")],
  ["XX001", damaged],
  ["XX002", damaged],
]);

/** Names of the store's tables in the server's message, which may be in any language. */
const tableNames = /\b(?:checkpoint|dead_letter|parked|journal|dms_task_bridge)\b/g;

/** Failures by the client's own messages, which have no code. */
const bySentence: readonly (readonly [sentence: RegExp, failure: PostgresFailure])[] = [
  [/time-?out/i, failure("no response in time")],
  [/^Connection terminated|not queryable/, passing("the connection broke")],
  [
    /does not support SSL/,
    failure("it offers no TLS: sslmode=disable does without, where the network is trusted"),
  ],
  [/establishing an SSL connection/, failure("no TLS connection can be agreed on")],
  [/^SASL/, failure("the login cannot be agreed on: a password is missing, or the server is another")],
  [/after calling end/, failure("the store is closed")],
];

/** Classifies an error of the client; each comes from the server or the network. */
export function postgresFailure(error: unknown): PostgresFailure {
  if (error instanceof GarbledError) return foreign;
  if (error instanceof ReadOnlyError) return readOnly;
  if (error instanceof DatabaseError) return ofServer(error);
  const network = networkFailure(error);
  if (network) return failure(networkFailureText(network), network.fault === "lost");
  const message = error instanceof Error ? error.message : "";
  const [, found] = bySentence.find(([sentence]) => sentence.test(message)) ?? [];
  return found ?? failure(`${foreign.problem} (${nameOf(error)})`);
}

/** Whether a store's error is of the connection or the whole server, not of one statement. */
export const isOfServer = (error: unknown): boolean =>
  error instanceof StoreError &&
  (!(error.cause instanceof DatabaseError) || postgresFailure(error.cause).isPassing);

function ofServer({ code, message }: DatabaseError): PostgresFailure {
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return foreign;
  const known =
    bySqlState.get(code) ?? bySqlState.get(code.slice(0, 2)) ?? failure("it refuses the statement");
  return { ...known, problem: `${known.problem}${tableIn(code, message)} (SQLSTATE ${code})` };
}

/** The table that a right is missing on, or that is missing itself. */
function tableIn(code: string, message: string): string {
  const table = message.match(tableNames)?.at(-1);
  if (table === undefined) return "";
  if (code === "42501") return `: SELECT, INSERT, UPDATE or DELETE on its table ${table}`;
  return code === "42P01" ? `: ${table}` : "";
}
