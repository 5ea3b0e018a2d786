import { basicTime } from "../text/basic-time.ts";

/** Formats instants for the API: YYYYMMDDHHmmss in its time zone, rounded down to the second. */
export function apiTime(timeZone: string): (instantMs: number) => string {
  if (timeZone === "UTC") return (ms) => basicTime(ms).replace("T", "").slice(0, -1);
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  return (ms) => {
    const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
    return (["year", "month", "day", "hour", "minute", "second"] as const)
      .map((type) => parts.get(type) ?? "")
      .join("");
  };
}

/**
 * API clock minus local clock, milliseconds: the smallest skew that explains a Date header (whole seconds) written
 * between sending and receiving. Null without a valid header.
 */
export function clockSkewMs(date: string | null, sentMs: number, receivedMs: number): number | null {
  const statedMs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(statedMs)) return null;
  const leastMs = statedMs - receivedMs;
  const mostMs = statedMs + 999 - sentMs;
  return leastMs > 0 ? leastMs : Math.min(0, mostMs);
}
