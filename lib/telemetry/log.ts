import { safeJson } from "../text/json.ts";

export type Level = "debug" | "info" | "warn" | "error";
export type Fields = Readonly<Record<string, string | number | boolean | null>>;

/** A structured log. `message` is a constant sentence; what varies goes into `fields`, so that no value can forge a line. */
export type Log = (level: Level, message: string, fields?: Fields) => void;

const rank = { debug: 0, info: 1, warn: 2, error: 3 } as const satisfies Record<Level, number>;

/** One JSON object a line. Line breaks are escaped, so a value stays inside its line. */
export function jsonLog(write: (line: string) => void, minimum: Level, now: () => number): Log {
  return (level, message, fields) => {
    if (rank[level] < rank[minimum]) return;
    write(`${safeJson({ time: new Date(now()).toISOString(), level, message, ...fields })}\n`);
  };
}

export const silentLog: Log = () => {};
