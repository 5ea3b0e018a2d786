/** Units of a duration for people. */
export type DurationUnit = "d" | "h" | "min" | "s";

/** The two largest units of a duration that are not zero, rounded to the second: 3,905 s are `[[1, "h"], [5, "min"]]`. */
export function durationParts(ms: number): readonly (readonly [count: number, unit: DurationUnit])[] {
  const seconds = Math.round(ms / 1_000);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts.slice(first, first + 2).filter(([count]) => count > 0);
}
