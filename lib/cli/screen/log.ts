import { jsonLog, type Level, type Log } from "../../telemetry/log.ts";
import { timeOfDay } from "./format.ts";
import type { Output } from "./output.ts";
import type { Style } from "./text.ts";

const styles = { debug: "dim", info: "cyan", warn: "yellow", error: "red" } as const satisfies Record<
  Level,
  Style
>;

/** Readable lines on a terminal; one JSON object per line elsewhere. */
export function cliLog(err: Output, minimum: Level, now: () => number): Log {
  if (!err.isTerminal) return jsonLog((line) => err.raw(line), minimum, now);
  const levels = Object.keys(styles);
  return (level, message, fields = {}) => {
    if (levels.indexOf(level) < levels.indexOf(minimum)) return;
    const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
    err.line(["dim", timeOfDay(now())], "  ", [styles[level], level.padEnd(5)], ` ${message}`, [
      "dim",
      pairs.join(""),
    ]);
  };
}
