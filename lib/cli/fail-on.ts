import { suggestion } from "../config/check/suggest.ts";
import type { SinkStatus } from "../status/sinks.ts";
import type { StreamStatus } from "../status/streams.ts";
import { durationMs } from "./arguments.ts";
import { usageError } from "./errors.ts";

/** The status that conditions are held against. */
export interface Judged {
  readonly streams: readonly StreamStatus[];
  readonly sinks: Readonly<Record<string, SinkStatus>>;
}

/** Why a condition holds, in one sentence each; empty when none does. */
type Condition = (judged: Judged, nowMs: number) => readonly string[];

const conditions = {
  blocked: (): Condition => sinksIn(({ state }) => state === "blocked", "is blocked"),
  failing: (): Condition => sinksIn(({ state }) => state === "failing" || state === "blocked", "fails"),
  unreadable: (): Condition => (judged) =>
    judged.streams.flatMap(({ key, error }) => (error ? [`${key} cannot be read (${error.code})`] : [])),
  pending: (span: string): Condition => {
    const maxAgeMs = durationMs("--fail-on", span);
    return ({ sinks }, nowMs) =>
      Object.entries(sinks).flatMap(([name, { oldestPendingAt }]) =>
        oldestPendingAt !== null && nowMs - Date.parse(oldestPendingAt) > maxAgeMs
          ? [`a delivery to ${name} waits for longer than ${span}`]
          : [],
      );
  },
} as const;

const sinksIn =
  (is: (status: SinkStatus) => boolean, words: string): Condition =>
  ({ sinks }) =>
    Object.entries(sinks).flatMap(([name, status]) => (is(status) ? [`${name} ${words}`] : []));

/** Values of `--fail-on`. */
export const failOnForms = "blocked, failing, unreadable or pending:15m, separated by commas";

/** Parses the conditions of `--fail-on`. @throws ConfigError */
export function failOn(text: string): Condition {
  const chosen = text.split(",").map((written) => {
    const [name = "", span] = written.trim().split(":", 2);
    if (name === "pending" && span) return conditions.pending(span);
    if (span === undefined && (name === "blocked" || name === "failing" || name === "unreadable"))
      return conditions[name]();
    throw usageError("--fail-on", `${failOnForms}${suggestion(name, Object.keys(conditions))}`, text);
  });
  return (judged, nowMs) => [...new Set(chosen.flatMap((condition) => condition(judged, nowMs)))];
}
