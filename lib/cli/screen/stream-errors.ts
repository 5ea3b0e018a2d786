import type { RunSummary } from "../../run/summary.ts";
import type { Context } from "../context.ts";
import { timeOfDay } from "./format.ts";
import { namesOn } from "./names.ts";
import type { Span } from "./text.ts";

/** Reports a stream's problem when it begins, changes or ends, not in every run. */
export function streamErrorReporter({
  screen,
  clock,
}: Pick<Context, "screen" | "clock">): (summary: RunSummary) => void {
  // Compared by code: messages may hold a request id that differs each time.
  const known = new Map<string, string>();
  return ({ streams }) => {
    const names = namesOn(screen.err, streams, false);
    for (const { key, error } of streams) {
      if (known.get(key) === error?.code) continue;
      const time: Span = ["dim", timeOfDay(clock.now())];
      if (error) {
        known.set(key, error.code);
        screen.err.line(
          time,
          "  ",
          ["red", "cannot read "],
          `${names.stream(key)}: ${error.message} (${error.code})`,
        );
      } else {
        known.delete(key);
        screen.err.line(time, "  ", ["green", "readable again "], names.stream(key));
      }
    }
  };
}
