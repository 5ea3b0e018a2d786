import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** The repository. */
export const root = path.resolve(import.meta.dirname, "..");
/** Every page that readers meet: its path and its text. */
export const pages: readonly (readonly [file: string, text: string])[] = [
  "README.md",
  "README.zh-CN.md",
  "SECURITY.md",
  "CONTRIBUTING.md",
  ...readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" }).map(
    (file) => `docs/${file}`,
  ),
]
  .filter((file) => file.endsWith(".md") && existsSync(path.join(root, file)))
  .map((file) => [file, readFileSync(path.join(root, file), "utf8")] as const);

/** The text of a page; empty where there is none. */
export const page = (name: string): string => pages.find(([file]) => file === name)?.[1] ?? "";
/** Code blocks of a language. */
export const blocks = (text: string, language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    ([, block]) => block ?? "",
  );
