import type { RunSummary } from "../run.ts";
import type { Context } from "./context.ts";
import { timeOfDay } from "./format.ts";
import type { Span } from "./text.ts";

/** Tells of a stream's trouble when it comes, when it changes and when it is over, not in every run. */
export function troubleTeller({
  screen,
  clock,
}: Pick<Context, "screen" | "clock">): (summary: RunSummary) => void {
  const known = new Map<string, string>();
  return ({ streams }) => {
    for (const { key, error } of streams) {
      const trouble = error ? `${error.message} (${error.code})` : null;
      if ((known.get(key) ?? null) === trouble) continue;
      const time: Span = ["dim", timeOfDay(clock.now())];
      if (trouble) {
        known.set(key, trouble);
        screen.err.line(time, "  ", ["red", "cannot read "], `${key}: ${trouble}`);
      } else {
        known.delete(key);
        screen.err.line(time, "  ", ["green", "readable again "], key);
      }
    }
  };
}
