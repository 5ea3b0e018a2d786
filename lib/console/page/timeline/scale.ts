/** A range of time on a width of pixels. */
export interface Scale {
  readonly startMs: number;
  readonly endMs: number;
  readonly width: number;
}

export const pixelsPerMs = ({ startMs, endMs, width }: Scale): number => width / (endMs - startMs);

export const xOf = (scale: Scale, ms: number): number => (ms - scale.startMs) * pixelsPerMs(scale);

export const msAt = (scale: Scale, x: number): number => scale.startMs + x / pixelsPerMs(scale);

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const steps = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * secondMs),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minuteMs),
  ...[1, 2, 3, 6, 12].map((count) => count * hourMs),
  ...[1, 2, 7, 14, 30].map((count) => count * dayMs),
];

/** Instants to mark, at least `minPx` apart, on round local times. `stepMs` tells how precise their labels must be. */
export function ticks(
  scale: Scale,
  minPx: number,
): { readonly stepMs: number; readonly at: readonly number[] } {
  const minMs = minPx / pixelsPerMs(scale);
  const stepMs = steps.find((step) => step >= minMs) ?? steps.at(-1) ?? dayMs;
  const offsetMs = new Date(scale.startMs).getTimezoneOffset() * minuteMs;
  const first = Math.ceil((scale.startMs - offsetMs) / stepMs) * stepMs + offsetMs;
  const count = Math.max(0, Math.floor((scale.endMs - first) / stepMs) + 1);
  return { stepMs, at: Array.from({ length: count }, (_, index) => first + index * stepMs) };
}

export const minSpanMs = 10 * secondMs;
export const maxSpanMs = 60 * dayMs;

/** The range after zooming by `factor` with the instant at `anchorMs` staying in place. */
export function zoomed(
  { startMs, endMs }: Pick<Scale, "startMs" | "endMs">,
  factor: number,
  anchorMs: number,
): { readonly startMs: number; readonly endMs: number } {
  const spanMs = Math.min(maxSpanMs, Math.max(minSpanMs, (endMs - startMs) / factor));
  const share = (anchorMs - startMs) / (endMs - startMs);
  const nextStart = anchorMs - share * spanMs;
  return { startMs: nextStart, endMs: nextStart + spanMs };
}
