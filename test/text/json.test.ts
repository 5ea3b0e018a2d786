import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exactNumber, hasMoreValues, parseExactJson, safeJson } from "../../lib/text/json.ts";
import { anyCharacter } from "../harness/any-character.ts";

const digits = fc.stringMatching(/^(?:0|[1-9]\d{0,24})$/);
const numberText = fc
  .tuple(
    fc.constantFrom("", "-"),
    digits,
    fc.oneof(fc.constant(""), fc.stringMatching(/^\.\d{1,20}$/)),
    fc.oneof(fc.constant(""), fc.stringMatching(/^[eE][+-]?\d{1,4}$/)),
  )
  .map((parts) => parts.join(""));

describe("JSON that is read exactly", () => {
  it.each(["9223372036854775807", "1e400", "-1E+400", "0.10", "-0", "1.0", "0.0000001", "1e2"])(
    "writes %s again as it was, wherever it stands",
    (number) => {
      for (const text of [
        number,
        `[${number}]`,
        `{"a":${number},"b":"${number}"}`,
        `[1,${number},[${number}]]`,
      ])
        expect(JSON.stringify(parseExactJson(text))).toBe(text);
      expect(exactNumber(parseExactJson(number))).toBe(number);
    },
  );

  it("writes every number again as it was", () => {
    fc.assert(
      fc.property(fc.array(numberText), fc.constantFrom("", " ", "\n\t"), (numbers, blank) => {
        const written = `[${numbers.map((text) => `${blank}${text}${blank}`).join(",")}]`;
        expect(JSON.stringify(parseExactJson(written))).toBe(`[${numbers.join(",")}]`);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is what JSON.parse reads, but for such numbers", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: anyCharacter }), (value) => {
        const text = JSON.stringify(value);
        expect(parseExactJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("keeps a key named __proto__ a key, and ends for any number of levels", () => {
    expect(JSON.stringify(parseExactJson('{"__proto__":{"a":1.0}}'))).toBe('{"__proto__":{"a":1.0}}');
    expect(parseExactJson(`${"[".repeat(50_000)}1.0${"]".repeat(50_000)}`)).toBeInstanceOf(Array);
  });

  it("is undefined for what is no JSON", () => {
    expect(["", "{", "01", "1.", "NaN"].map(parseExactJson)).toEqual(Array(5).fill(undefined));
  });
});

describe("JSON for a terminal or a log", () => {
  it("holds no control character, line break or direction mark, and means the same", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        const marks = `${text}\u200e\u202e\u2066\u061c\u0085\u2028`;
        expect(safeJson([marks])).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u);
        expect(JSON.parse(safeJson([marks]))).toEqual([marks]);
      }),
    );
  });
});

describe("the count of a text's values", () => {
  it("is never too low, for any JSON", () => {
    const countOf = (value: unknown): number =>
      typeof value === "object" && value !== null
        ? 1 + Object.values(value).reduce((sum: number, inner) => sum + countOf(inner), 0)
        : 1;
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        expect(hasMoreValues(text, countOf(value) - 1)).toBe(true);
        expect(hasMoreValues(text, countOf(value) * 2)).toBe(false);
      }),
    );
  });

  it("leaves out what stands in quotes", () => {
    expect(hasMoreValues('["a,b,[{,,","\\",",\\",,"]', 4)).toBe(false);
  });
});
