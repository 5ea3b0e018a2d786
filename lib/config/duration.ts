import * as v from "valibot";

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** `10s`, `15m`, `7d` (also `ms` and `h`) as milliseconds; null when the text is no duration. */
export function parseDuration(text: string): number | null {
  const [, amount, unit] = pattern.exec(text) ?? [];
  return amount && unit ? Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs]) : null;
}

/** A configuration field that holds a duration: text in, milliseconds out. */
export const duration = () =>
  v.pipe(
    v.string("a duration such as 10s, 15m or 7d"),
    v.regex(pattern, "a duration such as 10s, 15m or 7d"),
    v.transform((text) => parseDuration(text) ?? 0),
  );
