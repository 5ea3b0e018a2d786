import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRetryAfter } from "../../lib/net/retry-after.ts";

const nowMs = Date.parse("1994-11-06T08:49:07Z");

describe("Retry-After", () => {
  it.each([
    ["0", 0],
    ["120", 120_000],
    [" 120 ", 120_000],
    ["0.5", 500],
    ["1.0001", 1_001],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 30_000],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 30_000],
    ["Sun Nov  6 08:49:37 1994", 30_000],
    ["Sun, 06 Nov 1994 08:49:00 GMT", 0],
  ])("reads %j", (header, expected) => {
    expect(parseRetryAfter(header, nowMs)).toBe(expected);
  });

  it.each([
    "",
    "-5",
    "soon",
    "1e3",
    "0x10",
    "NaN",
    "Infinity",
    "5s",
    "1994-11-06",
    "Sun, nonsense GMT",
    "1,2",
  ])("makes nothing of %j", (header) => {
    expect(parseRetryAfter(header, nowMs)).toBeNull();
  });

  it("keeps an absurd wait to a year", () => {
    expect(parseRetryAfter("9".repeat(400), nowMs)).toBe(365 * 24 * 3_600_000);
    expect(parseRetryAfter("Fri, 31 Dec 9999 23:59:59 GMT", nowMs)).toBe(365 * 24 * 3_600_000);
  });

  it("is null or a wait that a date can be computed with, whatever the header", () => {
    const header = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.date().map((date) => date.toUTCString()),
    );
    fc.assert(
      fc.property(header, (text) => {
        const waitMs = parseRetryAfter(text, nowMs);
        expect(waitMs === null || (waitMs >= 0 && !Number.isNaN(new Date(nowMs + waitMs).getTime()))).toBe(
          true,
        );
      }),
    );
  });
});
