import { readdir, readFile, writeFile } from "node:fs/promises";

// `node build/docs/sinks.ts` adds what a new file of lib/sinks needs: its row in index.ts and its section in configuration.md.

/** Files of lib/sinks that are no sink of their own type. */
const others: ReadonlySet<string> = new Set(["index", "sink", "custom"]);

/** The names of the sink types that lib/sinks has a file for. */
export const sinkNames = (files: readonly string[]): readonly string[] =>
  files
    .flatMap((file) => (file.endsWith(".ts") ? [file.slice(0, -3)] : []))
    .filter((name) => !others.has(name));

/** The text of lib/sinks/index.ts with a row for each name; new ones come last, before `custom`. */
export const withRows = (index: string, names: readonly string[]): string =>
  index.replace(/^ {2}custom: /m, (custom) => {
    const missing = names.filter((name) => !index.includes(`import("./${name}.ts")`));
    return `${missing.map((name) => `  ${name}: () => import("./${name}.ts"),\n`).join("")}${custom}`;
  });

const lastTable = /<!-- fields: sink [^<]*-->(?![\s\S]*<!-- fields: sink )[\s\S]*?<!-- end -->/;

/** The text of configuration.md with a section for each name; new ones follow the last. */
export const withSections = (page: string, names: readonly string[]): string =>
  page.replace(lastTable, (tables) => {
    const missing = names.filter((name) => !new RegExp(`^###.*\`${name}\``, "m").test(page));
    return (
      tables +
      missing.map((name) => `\n\n### \`${name}\`\n\n<!-- fields: sink ${name} -->\n<!-- end -->`).join("")
    );
  });

if (import.meta.main) {
  const names = sinkNames(await readdir(new URL("../../lib/sinks/", import.meta.url)));
  for (const [file, written] of [
    ["lib/sinks/index.ts", withRows],
    ["docs/configuration.md", withSections],
  ] as const) {
    const url = new URL(`../../${file}`, import.meta.url);
    await writeFile(url, written(await readFile(url, "utf8"), names));
  }
}
