import { readFile, writeFile } from "node:fs/promises";
import { configJsonSchema, type JsonSchema, reference } from "../../lib/config/json-schema.ts";
import { durationPattern } from "../../lib/options/duration.ts";
import { sinkTypes } from "../../lib/sinks/index.ts";
import { withEvents } from "./events.ts";
import { withFigures } from "./scale.ts";
import { markdownTable, type TableRow } from "./table.ts";

// `node build/docs/main.ts` writes the tables of fields into configuration.md, from the schema, the event types into events.md, and
// the figures into scale.md.

/** The page with its tables as the schema has them now. @throws Error for a marker that names no table */
export async function withTables(page: string): Promise<string> {
  const tables = fieldTables(await configJsonSchema(sinkTypes));
  return page.replace(/<!-- fields: (.+?) -->[\s\S]*?<!-- end -->/g, (_, name: string) => {
    const table = tables.get(name);
    if (table === undefined) throw new Error(`no table of fields is called ${name}`);
    return `<!-- fields: ${name} -->\n\n${table}\n\n<!-- end -->`;
  });
}

function fieldTables(config: JsonSchema): ReadonlyMap<string, string> {
  const source = schemaOf(part(config, "sources").items);
  const byName = schemaOf(part(config, "sinks").additionalProperties);
  const sinks = (byName.allOf ?? []).map((branch) => schemaOf(schemaOf(branch).then));
  const sharedKeys = ["filter", "retry", "rate"];
  const isOwn = (key: string) => key !== "type" && !sharedKeys.includes(key);
  return new Map([
    ["top level", table(config, (key) => key !== "$schema", false)],
    ["source", table(source)],
    [
      "credentials",
      alternatives(part(source, "credentials"))
        .map((each) => table(each))
        .join("\n\nor\n\n"),
    ],
    [
      "checkpoint",
      alternatives(part(config, "checkpoint"))
        .map((each) => table(each))
        .join("\n\nor\n\n"),
    ],
    ["polling", table(part(config, "polling"))],
    ["delivery", table(part(config, "delivery"))],
    ["journal", table(part(config, "journal"))],
    ["fleet", table(part(config, "fleet"))],
    ["every sink", table(sinks[0] ?? {}, (key) => sharedKeys.includes(key))],
    ...sinks.map((sink) => [`sink ${sink.title}`, table(sink, isOwn)] as const),
  ]);
}

/** One row per field, in columns; with `isDeep`, nested fields too. */
const table = (schema: JsonSchema, isShown: (key: string) => boolean = () => true, isDeep = true): string =>
  markdownTable([["Field", "Takes", "Default", ""], ...rows(schema, "", isShown, isDeep)]);

function rows(
  schema: JsonSchema,
  prefix: string,
  isShown: (key: string) => boolean,
  isDeep: boolean,
): readonly TableRow[] {
  return Object.keys(schema.properties ?? {})
    .filter(isShown)
    .flatMap((key) => {
      const field = part(schema, key);
      const name = `${prefix}${key}`;
      const initial = schema.required?.includes(key) ? "required" : initialOf(field);
      const row = [code(name), kind(field), initial, field.description ?? ""];
      return [row, ...(isDeep ? rows(field, `${name}.`, () => true, true) : [])];
    });
}

function initialOf({ default: initial }: JsonSchema): string {
  const text = typeof initial === "string" ? initial : JSON.stringify(initial);
  // An empty object as default only means that the fields' own defaults apply; an empty text has no meaning.
  return !text || text === "{}" ? "" : code(text);
}

/** A field's expected value, in a few words. */
function kind(field: JsonSchema): string {
  const others = alternatives(field).filter(({ pattern }) => pattern !== reference.pattern);
  if (others.length > 0) return [...new Set(others.map(kind))].join(" or ");
  if (field.$ref !== undefined) return "object";
  if (field.const !== undefined) return code(String(field.const));
  if (field.enum) return field.enum.map((value) => code(String(value))).join(", ");
  if (field.pattern === durationPattern.source) return "duration";
  if (field.type === "integer") return `${field.minimum} to ${field.maximum}`;
  if (field.type === "array") return listKind(schemaOf(field.items));
  if (field.type === "object") {
    const values = schemaOf(field.additionalProperties);
    return field.properties || Object.keys(values).length === 0 ? "object" : `name to ${kind(values)}`;
  }
  return { string: "text", boolean: "`true`, `false`" }[String(field.type)] ?? "anything";
}

const listKind = (items: JsonSchema): string => (items.properties ? "list" : `list of ${kind(items)}`);
const code = (text: string): string => `\`${text}\``;
const part = (schema: JsonSchema, key: string): JsonSchema => schemaOf(schema.properties?.[key]);
const alternatives = ({ anyOf, oneOf }: JsonSchema): readonly JsonSchema[] =>
  (anyOf ?? oneOf ?? []).map(schemaOf);
const schemaOf = (
  schema: JsonSchema | boolean | readonly (JsonSchema | boolean)[] | undefined,
): JsonSchema => (typeof schema === "object" && !isList(schema) ? schema : {});
const isList = (schema: object): schema is readonly unknown[] => Array.isArray(schema);

if (import.meta.main) {
  for (const [name, written] of [
    ["configuration.md", withTables],
    ["events.md", withEvents],
    ["scale.md", withFigures],
  ] as const) {
    const url = new URL(`../../docs/${name}`, import.meta.url);
    await writeFile(url, await written(await readFile(url, "utf8")));
  }
}
