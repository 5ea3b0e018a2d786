import { durationParts } from "../../text/duration-parts.ts";
import { language, words } from "./settings.ts";

/** A duration in its two largest units: `850 ms`, `4.2 s`, `1 min 5 s`, `2 h 5 min`. */
export function span(ms: number): string {
  const { units } = words.value;
  if (ms < 950) return `${Math.max(0, Math.round(ms))} ${units.ms}`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1).replace(/\.0$/, "")} ${units.s}`;
  return durationParts(ms)
    .map(([count, unit]) => `${count} ${units[unit]}`)
    .join(" ");
}

/** The largest unit alone, for texts that tick: `5 s`, `3 min`. */
export function roughSpan(ms: number): string {
  const { units } = words.value;
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} ${units.s}`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} ${units.min}`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} ${units.h}`;
  return `${Math.floor(seconds / 86_400)} ${units.d}`;
}

export const ago = (atMs: number, nowMs: number): string => words.value.ago(roughSpan(nowMs - atMs));

const formats = new Map<string, Intl.DateTimeFormat>();

function format(key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${language.value} ${key}`;
  const found =
    formats.get(name) ?? new Intl.DateTimeFormat(language.value === "zh" ? "zh-CN" : "en-GB", options);
  formats.set(name, found);
  return found;
}

const hms = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
const day = { day: "numeric", month: "short" } as const;

export const clockTime = (ms: number): string => format("time", hms).format(ms);
export const dayTime = (ms: number): string => format("day time", { ...day, ...hms }).format(ms);
export const hourMinute = (ms: number): string =>
  format("minute", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(ms);
export const dayOnly = (ms: number): string => format("day", day).format(ms);

export const count = (value: number): string => value.toLocaleString(language.value);

// Control characters, marks of direction and other characters without a shape could make a text look like another one.
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;

/** Foreign text on one line: characters that show nothing, or turn what follows around, become a visible mark. */
export const plain = (text: string): string => text.replace(unsafe, "\u{fffd}");
