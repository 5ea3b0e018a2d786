import { safeJson } from "../text/json.ts";

/** Log levels, by increasing severity. */
export type Level = "debug" | "info" | "warn" | "error";
/** Fields of a log line. */
export type Fields = Readonly<Record<string, string | number | boolean | null>> & {
  readonly [Key in LineKey]?: never;
};
type LineKey = "time" | "level" | "message";

/** A structured log. `message` is constant; variable text goes into `fields`, so that no value can forge a line. */
export type Log = (level: Level, message: string, fields?: Fields) => void;

const rank = { debug: 0, info: 1, warn: 2, error: 3 } as const satisfies Record<Level, number>;

/**
 * Writes one JSON object per line. Line breaks are escaped, so a value cannot leave its line. A field called `time`,
 * `level` or `message` is written with the prefix `field.`, such as `field.message`.
 */
export function jsonLog(write: (line: string) => void, minimum: Level, now: () => number): Log {
  return (level, message, fields = {}) => {
    if (rank[level] < rank[minimum]) return;
    const line = { time: new Date(now()).toISOString(), level, message };
    const others = Object.entries(fields).map(([key, value]) => [
      Object.hasOwn(line, key) ? `field.${key}` : key,
      value,
    ]);
    write(`${safeJson({ ...line, ...Object.fromEntries(others) })}\n`);
  };
}

/** Log that discards everything. */
export const silentLog: Log = () => {};
