import { markdownTable } from "./table.ts";

/** A page of docs/sinks, as the tables that compare sinks read it. */
export interface SinkPage {
  readonly type: string;
  /** The page's first sentence. */
  readonly purpose: string;
  /** Its list under "Delivery", such as `Order`. */
  readonly facts: ReadonlyMap<string, string>;
}

/** Reads a sink's page. @throws Error for a page without a title or a first sentence */
export function sinkPage(type: string, text: string): SinkPage {
  const [, purpose] = /^# .+\n\n(.+)\n/.exec(text) ?? [];
  if (purpose === undefined) throw new Error(`docs/sinks/${type}.md has no title with a sentence below it`);
  const facts = new Map(
    [...text.matchAll(/^- \*\*(.+?):\*\* (.+)$/gm)].map(([, name = "", fact = ""]) => [name, fact] as const),
  );
  return { type, purpose, facts };
}

/**
 * A table of sinks and what their pages say. `wanted` is `TYPE, TYPE | FACT, FACT`; the fact `What it does` is the first
 * sentence. `folder` leads from the table's page to docs/sinks.
 * @throws Error for a sink or a fact that is not there
 */
export function comparison(pages: readonly SinkPage[], wanted: string, folder: string): string {
  const [types = [], names = []] = wanted.split(" | ").map((list) => list.split(", "));
  const rows = types.map((type) => {
    const page = pages.find((each) => each.type === type);
    if (page === undefined) throw new Error(`no page of docs/sinks is of the type ${type}`);
    return [`[\`${type}\`](${folder}${type}.md)`, ...names.map((name) => fact(page, name))];
  });
  return markdownTable([["Sink", ...names], ...rows]);
}

function fact({ type, purpose, facts }: SinkPage, name: string): string {
  const text = name === "What it does" ? purpose : facts.get(name);
  if (text === undefined) throw new Error(`docs/sinks/${type}.md has no line for ${name}`);
  return text;
}
