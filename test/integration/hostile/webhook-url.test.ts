import fc from "fast-check";
import * as v from "valibot";
import { afterEach, describe, expect, it } from "vitest";
import { addressGuard } from "../../../lib/net/address-guard.ts";
import { webhookSchema } from "../../../lib/sinks/http/options.ts";
import { isUnpolluted, longForm, nastyText, numRuns } from "./values.ts";

afterEach(() => expect(isUnpolluted()).toBe(true));

describe("a webhook's URL", longForm, () => {
  /** Stands in the path, the query or the fragment, where a chat's address has its password. */
  const planted = "S3CRET-PATH";
  const url = fc
    .tuple(
      fc.constantFrom("http:", "https:", "file:", "ftp:", "javascript:", "//", "", " https:"),
      fc.oneof(nastyText, fc.domain()),
      fc.constantFrom("/", "?key=", "#", "@", ":", ""),
      nastyText,
    )
    .map(([scheme, host, mark, tail]) => `${scheme}//${host}${mark}${planted}${tail}`);

  it("of any text is refused without being quoted, or is https without user and password", () => {
    fc.assert(
      fc.property(url, (text) => {
        const { success, issues, output } = v.safeParse(webhookSchema, { url: text });
        if (!success) {
          expect(JSON.stringify(issues.map(({ message }) => message)).toUpperCase()).not.toContain(planted);
          return;
        }
        const { protocol, username, password } = new URL(output.url);
        expect([protocol, username, password]).toEqual(["https:", "", ""]);
      }),
      { numRuns },
    );
  });

  const octet = fc.nat(255);
  const closed = fc.oneof(
    fc.tuple(fc.constant(127), octet, octet, octet),
    fc.tuple(fc.constant(10), octet, octet, octet),
    fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
    fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
    fc.constant([100, 100, 100, 200] as const),
  );
  const spellings: readonly ((parts: readonly number[]) => string)[] = [
    (parts) => parts.join("."),
    (parts) => parts.map((part) => `0${part.toString(8)}`).join("."),
    (parts) => parts.map((part) => `0x${part.toString(16)}`).join("."),
    (parts) => String(parts.reduce((number, part) => number * 256 + part, 0)),
    ([a = 0, b = 0, c = 0, d = 0]) => `${a}.${b * 65_536 + c * 256 + d}`,
    (parts) => `${parts.join(".")}.`,
    (parts) => `[::ffff:${parts.join(".")}]`,
    (parts) => `[::${parts.join(".")}]`,
    (parts) => `[64:ff9b::${parts.join(".")}]`,
    ([a = 0, b = 0, c = 0, d = 0]) => `[2002:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::]`,
  ];

  it("does not lead to a closed network, however its address is spelt", () => {
    const permits = addressGuard({ allow: false, onlyAllowed: false });
    fc.assert(
      fc.property(closed, fc.constantFrom(...spellings), (parts, spell) => {
        const { hostname } = new URL(`https://${spell(parts)}/`);
        expect(permits(hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, ""))).toBe(false);
      }),
      { numRuns },
    );
  });

  it("leads nowhere when it is no address", () => {
    const permits = addressGuard({ allow: ["0.0.0.0/0", "::/0"], onlyAllowed: false });
    fc.assert(
      fc.property(nastyText, (text) => {
        expect(permits(text) && !/^[\d.]+$|:/.test(text)).toBe(false);
      }),
      { numRuns },
    );
  });
});
