/** Longer says nothing more, and keeps every date that is computed with it valid. */
const longestMs = 365 * 24 * 3_600_000;

/**
 * Retry-After (seconds, also fractional, or an HTTP date) as a wait from `nowMs`; null when it says nothing. How much of
 * it is obeyed is the retry policy's to decide.
 */
export function parseRetryAfter(header: string, nowMs: number): number | null {
  const text = header.trim();
  const waitMs = /^\d+(\.\d+)?$/.test(text) ? Math.ceil(Number(text) * 1_000) : httpDateMs(text) - nowMs;
  return Number.isNaN(waitMs) ? null : Math.min(longestMs, Math.max(0, waitMs));
}

/** All three forms of RFC 9110: IMF-fixdate, RFC 850, and asctime, which is GMT without saying so. */
function httpDateMs(text: string): number {
  if (/^[A-Z][a-z]{2,8}, .+ GMT$/.test(text)) return Date.parse(text);
  if (/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(text)) {
    return Date.parse(`${text} GMT`);
  }
  return Number.NaN;
}
