const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** Age in its largest unit: `3 d`, `12 m`; `now` below a second. */
export function age(ms: number): string {
  const [unit, sizeMs] = units.find(([, size]) => ms >= size) ?? [];
  return unit && sizeMs ? `${Math.floor(ms / sizeMs)} ${unit}` : "now";
}

/** Duration: `412 ms`, `1.2 s`, `3 m 5 s`. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} m ${Math.floor((ms % 60_000) / 1_000)} s`;
}

/** An instant in UTC, to the second: `2026-03-01 12:00:00Z`. */
export const instant = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")}Z`;

/** The time of day in UTC: `12:00:00Z`. */
export const timeOfDay = (ms: number): string => instant(ms).slice(11);

/** An instant in UTC for a narrow column: the time of day, with the date unless it is today's. */
export function shortInstant(ms: number, nowMs: number): string {
  const text = instant(ms);
  return text.slice(0, 10) === instant(nowMs).slice(0, 10) ? text.slice(11) : text.slice(5);
}

/** `1 change`, `2 changes`; irregular plurals are given. */
export const count = (amount: number, one: string, many = `${one}s`): string =>
  `${amount.toLocaleString("en")} ${amount === 1 ? one : many}`;

/** The end of a long id, enough to distinguish it from others. */
export const shortId = (id: string): string => id.slice(-6);
