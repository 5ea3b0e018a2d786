import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../lib/config/load.ts";
import { excerptOf } from "../../../lib/config/read/excerpt.ts";
import { ConfigError } from "../../../lib/core/errors.ts";
import { deps, folderWith, variable } from "../sample.ts";

const excerptsIn = async (name: string, text: string) => {
  const folder = await folderWith({ [name]: text });
  const error = await loadConfig(name, { ...deps, folder }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof ConfigError ? error.excerpts : expect.unreachable();
};

describe("a mistake's line", () => {
  it("is shown with a caret below the value, or the key where that is wrong", async () => {
    const yaml = `
sources:
  - { engine: kafak, region: cn-north-4, projectId: p1, instances: all, credentials: { ak: AK1, sk: SK1 } }
sinks:
  out: { type: console, formt: text }
`;
    expect(await excerptsIn("c.yaml", yaml)).toEqual([
      [
        "3 |   - { engine: kafak, region: cn-north-4, projectId: …, instances: all, credentials: { ak: …, sk: … }",
        "  |               ^",
      ].join("\n"),
      ["5 |   out: { type: console, formt: … }", "  |                         ^"].join("\n"),
    ]);
  });

  it.each([
    ["c.yaml", "a:\n\tb: 1\n", "2 | →b: 1\n  | ^"],
    ["c.json", '{ "sk": "secret" "b": 1 }', '1 | { "sk": "…" "b": 1 }\n  |             ^'],
    ["c.yaml", "sinks: {}\r\nsinks: {}\r\n", "2 | sinks: {}\n  | ^"],
  ])("is shown for a syntax error in %s: %j", async (name, text, shown) => {
    expect(await excerptsIn(name, text)).toEqual([shown]);
  });

  it("moves the caret with what is left out before it, and is cut around it", () => {
    expect(excerptOf('key: "long secret value", other: kafak', 1, 34, '"kafak"')).toBe(
      `1 | key: "…", other: kafak\n  | ${" ".repeat(17)}^`,
    );
    const [line, caret] = excerptOf(`${"k: ,".repeat(500)}`, 1, 1_000, "").split("\n");
    expect(line?.length).toBeLessThan(110);
    expect(caret?.length).toBeLessThan(110);
  });

  it("shows a variable's name, in quotes or not", () => {
    for (const written of [`url: ${variable("NAME")}`, `url: "${variable("NAME")}"`])
      expect(excerptOf(written, 1, 6, "")).toBe(`1 | ${written}\n  |      ^`);
  });

  it("shows no value but words that are nobody's secret", () => {
    const secret = fc.stringMatching(/^[A-Z0-9]{8}[a-z0-9]{2,12}$/);
    const frames = fc.constantFrom(
      (text: string) => `sk: ${text}`,
      (text: string) => `  - { a: ${text}, b: "${text}" }`,
      (text: string) => `url: https://${text}.example/${text}?k=${text}`,
      (text: string) => `{ "a": "${text}, "b": '${text}'`,
      (text: string) => `a: 1 # ${text}`,
      (text: string) => `      ${text} and ${text}`,
      (text: string) => `a: ${variable("NAME")}${text}`,
    );
    fc.assert(
      fc.property(secret, frames, fc.nat(60), (text, frame, column) => {
        expect(excerptOf(frame(text), 1, column + 1, "a string of 10 characters")).not.toContain(text);
      }),
    );
  });
});
