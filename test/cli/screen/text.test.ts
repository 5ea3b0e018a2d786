import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { type Line, labelled, table, textOf, visible } from "../../../lib/cli/screen/text.ts";
import { safeJson } from "../../../lib/text/json.ts";
import { anyCharacter } from "../../harness/any-character.ts";

const anyText = fc.string({ unit: anyCharacter });
const plain = (lines: readonly Line[]) => lines.map((line) => line.map(textOf).join(""));

it("a labelled text fits its width, each line below the label, and keeps every character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), fc.integer({ min: 12, max: 120 }), (text, width) => {
      const lines = plain(labelled(["dim", "do: "], text, width));
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
      expect(lines.every((line, index) => line.startsWith(index === 0 ? "do: " : "    "))).toBe(true);
      const kept = lines.map((line) => line.slice(4)).join("");
      expect(kept.replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    }),
  );
});

describe("visible", () => {
  it("shows an escape sequence instead of sending it", () => {
    expect(visible("\x1b[2Jcleared\x07")).toBe("\\x1b[2Jcleared\\x07");
  });

  it("shows line breaks, C1 controls and bidirectional overrides", () => {
    expect(visible("a\r\nb\x9bm\u202egpj.exe\u2028")).toBe("a\\x0d\\x0ab\\x9bm\\u202egpj.exe\\u2028");
  });

  it("shows what hides, and not what an emoji or a script is made of", () => {
    expect(visible("ad\u200bmin 👨\u200d👩")).toBe("ad\\u200bmin 👨\u200d👩");
    expect(visible(`a${String.fromCodePoint(0xe0041)}`)).toBe("a\\u{e0041}");
  });

  it("leaves words of any script alone", () => {
    const words = "扩容实例 Größe экземпляр 🚀 café می‌خواهم";
    expect(visible(words)).toBe(words);
  });

  it("lets nothing through that a terminal obeys, whatever the text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
    );
  });
});

describe("safeJson", () => {
  it("keeps every value and no control character", () => {
    fc.assert(
      fc.property(fc.record({ name: anyText }), (value) => {
        expect(JSON.parse(safeJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
        expect(safeJson(value)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe("table", () => {
  it("aligns columns under their titles, numbers to the right, without trailing blanks", () => {
    const lines = table(
      [{ title: "TASKS", align: "right" }, { title: "NAME" }, { title: "STREAM" }],
      [
        ["7", ["red", "扩容"], "a"],
        ["1234", "resize", "bc"],
      ],
    );
    expect(plain(lines)).toEqual([
      "TASKS  NAME    STREAM", //
      "    7  扩容    a",
      " 1234  resize  bc",
    ]);
  });

  it("starts a column at the same place in every row, whatever the cells hold", () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 5 }), (cells) => {
        const [heading, ...rows] = table(
          [{ title: "A" }, { title: "B" }],
          cells.map((cell) => [cell, "|"]),
        );
        const widthBefore = (line: Line = []) => stringWidth(visible(line.slice(0, -1).map(textOf).join("")));
        for (const row of rows) expect(widthBefore(row)).toBe(widthBefore(heading));
      }),
    );
  });

  const columns = [
    { title: "STATUS" },
    { title: "USER", isOptional: true },
    { title: "STREAM", shrinks: "before-id" },
  ] as const;
  const row = ["SUCCESS", "operator", "payments-production (1a2b3c)"];

  it.each([
    [60, "SUCCESS  operator  payments-production (1a2b3c)"],
    [35, "SUCCESS  operator  paymen… (1a2b3c)"],
    [30, "SUCCESS  payments-pr… (1a2b3c)"],
  ])("cuts a name before its id to fit %i columns, and goes without what is optional", (width, line) => {
    expect(plain(table(columns, [row], width))[1]).toBe(line);
  });
});
