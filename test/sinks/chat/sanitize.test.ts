import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  neutralize,
  neutralizeLine,
  sanitize,
  shorten,
  utf8Bytes,
} from "../../../lib/sinks/chat/sanitize.ts";
import { anyCharacter } from "../../harness/any-character.ts";
import { injections } from "./sample.ts";

const anyText = fc.oneof(fc.constantFrom(...injections), fc.string({ unit: anyCharacter, maxLength: 300 }));

describe("text from outside", () => {
  it.each([
    ["a family", "👨‍👩‍👧‍👦"],
    ["a profession of a skin colour", "👩🏽‍🚒"],
    ["a heart in colours", "❤️"],
    ["a rainbow flag", "🏳️‍🌈"],
    ["keycaps", "1️⃣ #️⃣"],
    ["the flag of Scotland", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"],
    ["a country's flag", "🇨🇳"],
    ["Persian", "می‌خواهم"],
    ["Persian at a word's end", "ه‍"],
    ["Hindi", "क्‍ष क्‌ष"],
    ["Sinhala", "ශ්‍රී"],
    ["Mongolian", "ᠠ᠋"],
    ["a Japanese name's form", "葛󠄀"],
    ["an Arabic number sign", "؀١٢"],
    ["Hebrew and Arabic", "שלום سلام"],
  ])("keeps %s", (_, text) => {
    expect(sanitize(text)).toBe(text);
  });

  it.each([
    ["a joiner between Latin letters", "ad\u200dmin", "admin"],
    ["a zero-width space", "ad\u200bmin", "admin"],
    ["a soft hyphen", "ad\u00admin", "admin"],
    ["a word joiner", "ad\u2060min", "admin"],
    ["a direction mark", "\u202eexe.gpj\u202c", "exe.gpj"],
    ["an isolate", "\u2067a\u2069", "a"],
    ["a left-to-right mark", "a\u200eb", "ab"],
    ["letters in tags", `a${String.fromCodePoint(0xe0068, 0xe0069)}`, "a"],
    ["bytes in variation selectors", `😀${"\ufe01\u{e0150}".repeat(3)}`, "😀"],
    ["a second selector", "❤\ufe0f\ufe0f\ufe0f", "❤\ufe0f"],
    ["two joiners", "👨\u200d\u200d👩", "👨👩"],
    ["a joiner at the end of an emoji", "👨\u200d", "👨"],
    ["a filler", "a\u3164\u115f", "a"],
  ])("drops %s", (_, text, shown) => {
    expect(sanitize(sanitize(text))).toBe(shown);
  });

  it("is cut after no joiner", () => {
    expect(shorten("👨\u200d👩\u200d👧", 6)).toBe("👨\u200d👩…");
    expect(shorten("👨\u200d👩\u200d👧", 4)).toBe("👨…");
  });
});

describe("shortening", () => {
  it("leaves what fits as it is", () => {
    expect(shorten("abc", 3)).toBe("abc");
  });

  it("ends what it cuts with an ellipsis, between characters", () => {
    expect(shorten("abcdef", 4)).toBe("abc…");
    expect(shorten("😀😀😀", 4)).toBe("😀…");
    expect(shorten("绑定公网", 9, utf8Bytes)).toBe("绑定…");
  });

  it("keeps within the size, whole characters only, and as much as fits", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 3, max: 100 }), (text, most) => {
        const short = shorten(text, most, utf8Bytes);
        expect(utf8Bytes(short)).toBeLessThanOrEqual(most);
        expect(short.isWellFormed()).toBe(true);
        if (short === text) return;
        const kept = Array.from(short).length - 1;
        const one = Array.from(text)
          .slice(0, kept + 1)
          .join("");
        expect(text.startsWith(short.slice(0, -1))).toBe(true);
        expect(utf8Bytes(`${one}…`)).toBeGreaterThan(most);
      }),
    );
  });
});

describe("text for a Markdown without escapes", () => {
  it("shows marks as look-alikes", () => {
    expect(neutralize("<at id=all> [x](https://e.example) *a* _b_ `c` #d ~e~ @all &lt; \\ |")).toBe(
      "＜at id=all＞ ［x］(https：//e.example) ＊a＊ ＿b＿ ｀c｀ ＃d ～e～ ＠all ＆lt; ＼ ｜",
    );
  });

  it("begins no list, rule or heading at the start of a line", () => {
    expect(["- a", "+ a", "===", "---", "1. a", "12) a", "5 a", "a - b"].map(neutralizeLine)).toEqual([
      "－ a",
      "＋ a",
      "＝==",
      "－--",
      "1． a",
      "12） a",
      "5 a",
      "a - b",
    ]);
  });

  it("keeps the underscores of a name", () => {
    expect(neutralize("public_ip_address")).toBe("public_ip_address");
  });

  it("holds no mark that begins a link, a mention, a tag or a format", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(neutralize(sanitize(text))).not.toMatch(/[<>[\]*`~#\\&@|\n]|:\/\/|(^|\W)_|_(\W|$)/);
      }),
    );
  });
});
