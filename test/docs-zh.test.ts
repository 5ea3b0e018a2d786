import { describe, expect, it } from "vitest";
import { page, pages } from "./docs-pages.ts";

/** A Chinese page, the English one, and what it may leave out of that. */
const translations = [
  ["README.zh-CN.md", "README.md", []],
  ["docs/zh/first-message.md", "docs/first-feishu-message.md", []],
  ["docs/zh/deploy-functiongraph.md", "docs/deploy-functiongraph.md", ["code"]],
  ["docs/zh/configuration.md", "docs/configuration.md", ["blocks", "code"]],
  ["docs/zh/chat.md", ["docs/chat.md", "docs/sinks"], ["blocks", "code"]],
  ["docs/zh/operating.md", "docs/operating.md", ["blocks", "code"]],
] as const;

describe.each(translations)("%s", (chinese, source, shorter) => {
  const sources = [source].flat();
  const english = pages
    .filter(([file]) => sources.some((name) => file === name || file.startsWith(`${name}/`)))
    .map(([, text]) => text)
    .join("\n");

  it("has the snippets of the English page, comments aside", () => {
    const [its, whole] = [snippets(page(chinese)), snippets(english)];
    expect(its.filter((block) => !whole.includes(block))).toEqual([]);
    if (!shorter.some((part) => part === "blocks")) expect(its).toEqual(whole);
  });

  it("names commands, keys and values of the English page only", () => {
    const [its, whole] = [inlineCode(page(chinese)), inlineCode(english)];
    expect([...its.difference(whole)]).toEqual([]);
    if (shorter.length === 0) expect([...whole.difference(its)]).toEqual([]);
  });
});

it.each([
  ["docs/zh/operating.md", "docs/operating.md", "## Commands", "| exit"],
  ["docs/zh/configuration.md", "docs/configuration.md", "## Top level", "<!-- end -->"],
  ["docs/zh/chat.md", "docs/chat.md", "| Rate to set", "A rate counts"],
])("%s names all that the table of %s names", (chinese, english, from, to) => {
  const table = page(english).split(from)[1]?.split(to)[0] ?? "";
  const named = table.split("\n").flatMap((row) => [...inlineCode(row.split("|")[1] ?? "")]);
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((name) => !inlineCode(page(chinese)).has(name))).toEqual([]);
});

it("every page in docs/zh has its English one", () => {
  const there = pages.map(([file]) => file).filter((file) => file.startsWith("docs/zh/"));
  expect(
    translations
      .map(([file]) => file)
      .filter((file) => file !== "README.zh-CN.md")
      .toSorted(),
  ).toEqual(there.toSorted());
});

/** Code blocks with a language, without comments. */
const snippets = (text: string): readonly string[] =>
  [...text.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)].map(([, block = ""]) =>
    block.replaceAll(/(^|\s+)# .*$/gm, "").replaceAll(/[ \t]+$/gm, ""),
  );

/** What stands in backticks outside of blocks. */
const inlineCode = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code),
  );
