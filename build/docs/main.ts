import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { contents } from "./contents.ts";
import { withEvents } from "./events.ts";
import { optionSections, sectionTables } from "./fields.ts";
import { fill } from "./markers.ts";
import { optionIndex } from "./option-index.ts";
import { withFigures } from "./scale.ts";
import { comparison, type SinkPage, sinkPage } from "./sink-pages.ts";

// `node build/docs/main.ts` writes the generated parts of docs/: tables of options from the schema, tables that compare sinks
// from their pages, tables of contents, event types and their examples, and the figures of scale.md.

const docs = new URL("../../docs/", import.meta.url);

/**
 * The pages of docs/ that have generated parts, by path below docs/: as they are, and as `npm run docs` writes them, but for
 * the figures of scale.md, which take a while.
 */
export async function generatedPages(): Promise<
  readonly { readonly file: string; readonly text: string; readonly written: string }[]
> {
  const files = (await readdir(docs, { recursive: true })).filter((file) => file.endsWith(".md"));
  const pages = await Promise.all(
    files.map(async (file) => ({ file, text: await readFile(new URL(file, docs), "utf8") })),
  );
  const marked = pages.filter(({ text }) => text.includes("<!-- end -->"));
  const sinks = pages
    .filter(({ file }) => isSinkPage(file))
    .map(({ file, text }) => sinkPage(basename(file, ".md"), text));
  const fields = await fieldParts();
  return marked.map(({ file, text }) => ({ file, text, written: written(file, text, { fields, sinks }) }));
}

/** Whether a page is about one sink. */
const isSinkPage = (file: string): boolean => /^sinks\/(?!README).+\.md$/.test(file);

interface Sources {
  readonly fields: ReadonlyMap<string, string>;
  readonly sinks: readonly SinkPage[];
}

function written(file: string, text: string, { fields, sinks }: Sources): string {
  const folder = dirname(file) === "sinks" ? "" : "sinks/";
  const filled = fill(text, {
    fields: (name) => {
      const tables = fields.get(name);
      if (tables === undefined) throw new Error(`no table of options is called ${name}`);
      return tables;
    },
    sinks: (wanted) => comparison(sinks, wanted, folder),
    contents: () => contents(text),
  });
  return withEvents(filled);
}

async function fieldParts(): Promise<ReadonlyMap<string, string>> {
  const sections = await optionSections();
  return new Map([
    ...sections.map((section) => [section.name, sectionTables(section)] as const),
    ["all", optionIndex(sections)],
  ]);
}

if (import.meta.main) {
  for (const { file, text, written } of await generatedPages()) {
    const whole = file === "scale.md" ? withFigures(written) : written;
    if (whole !== text) await writeFile(new URL(file, docs), whole);
  }
}
