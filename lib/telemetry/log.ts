import { safeJson } from "../text/json.ts";

export type Level = "debug" | "info" | "warn" | "error";
export type Fields = Readonly<Record<string, string | number | boolean | null>> & {
  readonly [Key in LineKey]?: never;
};
type LineKey = "time" | "level" | "message";

/** A structured log. `message` is a constant sentence; what varies goes into `fields`, so that no value can forge a line. */
export type Log = (level: Level, message: string, fields?: Fields) => void;

const rank = { debug: 0, info: 1, warn: 2, error: 3 } as const satisfies Record<Level, number>;

/**
 * One JSON object a line. Line breaks are escaped, so a value stays inside its line. A field that bears the name of the
 * line's own `time`, `level` or `message` is written as `field.message`.
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

export const silentLog: Log = () => {};
