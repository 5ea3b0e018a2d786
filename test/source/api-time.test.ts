import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apiTime, clockSkewMs } from "../../lib/source/api-time.ts";

describe("an instant for the API", () => {
  it("is cut down to its second", () => {
    expect(apiTime("UTC")(Date.parse("2024-08-07T12:00:00.999Z"))).toBe("20240807120000");
  });

  it.each([
    ["Asia/Shanghai", "20240807200000"],
    ["America/New_York", "20240807080000"],
    ["Asia/Kolkata", "20240807173000"],
  ])("is told in %s", (zone, expected) => {
    expect(apiTime(zone)(Date.parse("2024-08-07T12:00:00Z"))).toBe(expected);
  });

  it("has hour 00 at midnight", () => {
    expect(apiTime("Asia/Shanghai")(Date.parse("2024-08-07T16:00:00Z"))).toBe("20240808000000");
  });

  it("is the same whether UTC is formatted by hand or by zone", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.parse("2100-01-01") }), (ms) => {
        expect(apiTime("Etc/UTC")(ms)).toBe(apiTime("UTC")(ms));
      }),
    );
  });
});

describe("clock skew", () => {
  const apiMs = Date.parse("2024-08-07T12:00:00Z");
  const date = "Wed, 07 Aug 2024 12:00:00 GMT";

  it.each([
    ["none where the header's second explains it", apiMs + 400, apiMs + 900, 0],
    ["none for a slow answer", apiMs - 3_000, apiMs + 3_000, 0],
    ["positive where the API is ahead", apiMs - 10_500, apiMs - 10_000, 10_000],
    ["negative where the API is behind", apiMs + 10_999, apiMs + 11_500, -10_000],
  ])("is %s", (_name, sentMs, receivedMs, expected) => {
    expect(clockSkewMs(date, sentMs, receivedMs)).toBe(expected);
  });

  it.each([[null], ["soon"]])("is not known from %j", (header) => {
    expect(clockSkewMs(header, 0, 0)).toBeNull();
  });

  it("is never told larger than it is", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -90_000, max: 90_000 }),
        fc.nat(5_000),
        fc.nat(5_000),
        (skewMs, thereMs, backMs) => {
          const sentMs = apiMs + 123;
          const stamped = new Date(Math.floor((sentMs + thereMs + skewMs) / 1_000) * 1_000).toUTCString();
          const told = clockSkewMs(stamped, sentMs, sentMs + thereMs + backMs) ?? Number.NaN;
          expect(Math.abs(told)).toBeLessThanOrEqual(Math.abs(skewMs));
          expect(Math.abs(skewMs - told)).toBeLessThanOrEqual(1_000 + thereMs + backMs);
        },
      ),
    );
  });
});
