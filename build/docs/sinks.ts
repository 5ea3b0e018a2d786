import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";

// `node build/docs/sinks.ts` adds what a new file of lib/sinks needs: its row in index.ts and its page in docs/sinks.

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

/** The facts that each sink's page has in its section "Delivery". */
export const sinkFacts = ["Accepted when", "Order", "Duplicates", "Needs", "Limits"] as const;

/** The first text of a new sink's page; its author completes the lines. */
export const newPage = (name: string): string => `# ${name} (\`${name}\`)

Sends each event to ${name}.

\`\`\`yaml
sinks:
  ${name}:
    type: ${name}
\`\`\`

## Delivery

${sinkFacts.map((fact) => `- **${fact}:**`).join("\n")}

## Options

<!-- fields: sink ${name} -->
<!-- end -->
`;

if (import.meta.main) {
  const lib = new URL("../../lib/sinks/", import.meta.url);
  const docs = new URL("../../docs/sinks/", import.meta.url);
  const names = sinkNames(await readdir(lib));
  const index = new URL("index.ts", lib);
  await writeFile(index, withRows(await readFile(index, "utf8"), names));
  for (const name of names) {
    const page = new URL(`${name}.md`, docs);
    if (!existsSync(page)) await writeFile(page, newPage(name));
  }
}
