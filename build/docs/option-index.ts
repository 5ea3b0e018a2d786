import { slug } from "./contents.ts";
import type { Section } from "./fields.ts";
import { markdownTable } from "./table.ts";

/** Sinks beyond which an option's row names their number instead of each. */
const namedSinks = 6;

/** All options from A to Z, each with links to where it stands. Written for docs/configuration.md. */
export function optionIndex(sections: readonly Section[]): string {
  const places = sections.flatMap(({ name, tables }) =>
    tables.flat().map(([option = ""]) => ({ option, section: name })),
  );
  const byOption = Map.groupBy(places, ({ option }) => option);
  const rows = [...byOption]
    .toSorted(([a], [b]) => bare(a).localeCompare(bare(b), "en"))
    .map(([option, found]) => [option, links(new Set(found.map(({ section }) => section)))]);
  return markdownTable([["Option", "Where"], ...rows]);
}

const bare = (option: string): string => option.replaceAll("`", "");

function links(sections: ReadonlySet<string>): string {
  const sinks = [...sections].filter((name) => name.startsWith("sink "));
  const others = [...sections].filter((name) => !name.startsWith("sink "));
  const ofSinks =
    sinks.length > namedSinks ? [`[${sinks.length} sinks](sinks/README.md)`] : sinks.map(sinkLink);
  return [...others.map(sectionLink), ...ofSinks].join(", ");
}

function sinkLink(section: string): string {
  const type = section.slice("sink ".length);
  return `[\`${type}\`](sinks/${type}.md)`;
}

function sectionLink(section: string): string {
  return `[${section}](#${slug(section)})`;
}
