import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIp, v4Text } from "../../lib/net/ip.ts";

describe("an IP address", () => {
  it.each([
    ["1.2.3.4", 4, 0x01020304n],
    ["::", 6, 0n],
    ["::1", 6, 1n],
    ["1::", 6, 1n << 112n],
    ["::ffff:1.2.3.4", 6, 0xffff01020304n],
    ["2001:db8:0:0:0:0:0:1", 6, (0x20010db8n << 96n) + 1n],
  ])("%s is read", (text, family, bits) => {
    expect(parseIp(text)).toEqual({ family, bits });
  });

  it("is one exactly where Node says so", () => {
    const piece = fc.constantFrom("0", "1", "255", "256", "01", "ffff", "fffff", ".", ":", "::", "g", "");
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.array(piece, { maxLength: 16 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (address) => {
        expect(parseIp(address)?.family ?? 0).toBe(isIP(address));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is written as it was read", () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(v4Text(parseIp(address)?.bits ?? 0n)).toBe(address);
      }),
    );
  });
});
