import { computed, effect, signal } from "@preact/signals";
import { meta, serverNow } from "../state.ts";
import { maxSpanMs, minSpanMs } from "./scale.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** The choices of the range buttons. */
export const ranges = {
  m5: 5 * minuteMs,
  m15: 15 * minuteMs,
  h1: hourMs,
  h6: 6 * hourMs,
  d1: 24 * hourMs,
  d7: 7 * 24 * hourMs,
} as const;

export const spanMs = signal<number>(ranges.h1);

/** Range that a page begins with. */
const firstRange = { demo: ranges.m5, watch: ranges.h1, console: ranges.h6 } as const;
let hasBegun = false;
effect(() => {
  if (!meta.value || hasBegun) return;
  hasBegun = true;
  spanMs.value = firstRange[meta.value.mode];
});
/** End of the range; null while it follows the present. */
export const endMs = signal<number | null>(null);
export const isFollowing = computed(() => endMs.value === null);

/** Share of the range that lies in the future while it follows the present: room for the end of ghost bars. */
const aheadShare = 0.12;

export function currentRange(nowMs: number): { readonly startMs: number; readonly endMs: number } {
  const end = endMs.peek() ?? nowMs + spanMs.peek() * aheadShare;
  return { startMs: end - spanMs.peek(), endMs: end };
}

/** Shows that range. One that reaches the present follows it. */
export function setRange(next: { readonly startMs: number; readonly endMs: number }): void {
  const span = Math.min(maxSpanMs, Math.max(minSpanMs, next.endMs - next.startMs));
  const nowMs = serverNow();
  spanMs.value = span;
  endMs.value = next.endMs > nowMs + span * aheadShare * 0.5 ? null : next.endMs;
}

export function pan(byMs: number): void {
  const { startMs, endMs: end } = currentRange(serverNow());
  setRange({ startMs: startMs + byMs, endMs: end + byMs });
}

export const follow = (): void => {
  endMs.value = null;
};
