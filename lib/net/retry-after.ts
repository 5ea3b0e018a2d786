/** Upper bound of one year, so that every date computed with it stays valid. */
const longestMs = 365 * 24 * 3_600_000;

/**
 * Parses Retry-After (seconds, also fractional, or an HTTP date) into milliseconds from `nowMs`; null when invalid. The
 * retry policy limits it.
 */
export function parseRetryAfter(header: string, nowMs: number): number | null {
  const text = header.trim();
  const waitMs = /^\d+(\.\d+)?$/.test(text) ? Math.ceil(Number(text) * 1_000) : httpDateMs(text) - nowMs;
  return Number.isNaN(waitMs) ? null : Math.min(longestMs, Math.max(0, waitMs));
}

/**
 * Parses the three date formats of RFC 9110, section 5.6.7: IMF-fixdate, RFC 850, and asctime, which is GMT without a
 * zone.
 */
function httpDateMs(text: string): number {
  if (/^[A-Z][a-z]{2,8}, .+ GMT$/.test(text)) return Date.parse(text);
  if (/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(text)) {
    return Date.parse(`${text} GMT`);
  }
  return Number.NaN;
}
