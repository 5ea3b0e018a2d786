import type { RunSummary } from "../../run/summary.ts";
import type { Context } from "../context.ts";
import { timeOfDay } from "./format.ts";
import type { Span } from "./text.ts";

/** Tells of a stream's trouble when it comes, when it changes and when it is over, not in every run. */
export function troubleTeller({
  screen,
  clock,
}: Pick<Context, "screen" | "clock">): (summary: RunSummary) => void {
  // By code: a message may hold what differs each time, such as a request id.
  const known = new Map<string, string>();
  return ({ streams }) => {
    for (const { key, error } of streams) {
      if (known.get(key) === error?.code) continue;
      const time: Span = ["dim", timeOfDay(clock.now())];
      if (error) {
        known.set(key, error.code);
        screen.err.line(time, "  ", ["red", "cannot read "], `${key}: ${error.message} (${error.code})`);
      } else {
        known.delete(key);
        screen.err.line(time, "  ", ["green", "readable again "], key);
      }
    }
  };
}
