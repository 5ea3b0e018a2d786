import * as v from "valibot";

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Form of a duration. */
export const durationPattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
/** Ten years: a longer duration is a mistake, and could exceed the range of a Date. */
const longestMs = 3_650 * unitMs.d;

/** Parses `10s`, `15m`, `7d` (also `ms` and `h`) into milliseconds; null unless it is a duration of at most ten years. */
export function parseDuration(text: string): number | null {
  const [, amount, unit] = durationPattern.exec(text) ?? [];
  if (!amount || !unit) return null;
  const ms = Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs]);
  return ms <= longestMs ? ms : null;
}

/** A configuration field for a duration: text in, milliseconds out. */
export const duration = () =>
  v.pipe(
    v.string("a duration such as 10s, 15m or 7d"),
    v.regex(durationPattern, "a duration such as 10s, 15m or 7d"),
    v.check(
      (text) => !durationPattern.test(text) || parseDuration(text) !== null,
      "a duration of at most 3650d",
    ),
    v.transform((text) => parseDuration(text) ?? 0),
  );

/** A configuration field for a duration above zero: text in, milliseconds out. */
export const positiveDuration = () => v.pipe(duration(), v.minValue(1, "a duration of at least 1ms"));
