import { configJsonSchema, type JsonSchema, reference } from "../../lib/config/json-schema.ts";
import { durationPattern } from "../../lib/options/duration.ts";
import { sinkTypes } from "../../lib/sinks/index.ts";
import { markdownTable, type TableRow } from "./table.ts";

/** The options that stand in one place of the configuration. */
export interface Section {
  /** As the markers call it: `sources`, `sink kafka`. */
  readonly name: string;
  /** Rows of its tables; more than one where it has alternatives. */
  readonly tables: readonly (readonly TableRow[])[];
}

const sharedKeys = ["filter", "retry", "rate"];

/** All options of the configuration, from its schema. */
export async function optionSections(): Promise<readonly Section[]> {
  const config = await configJsonSchema(sinkTypes);
  const source = schemaOf(part(config, "sources").items);
  const byName = schemaOf(part(config, "sinks").additionalProperties);
  const sinks = (byName.allOf ?? []).map((branch) => schemaOf(schemaOf(branch).then));
  const section = (name: string, ...schemas: readonly JsonSchema[]): Section => ({
    name,
    tables: schemas.map((schema) => rows(schema)),
  });
  return [
    { name: "top level", tables: [rows(config, { isShown: (key) => key !== "$schema", isDeep: false })] },
    section("sources", source),
    section("credentials", ...alternatives(part(source, "credentials"))),
    section("checkpoint", ...alternatives(part(config, "checkpoint"))),
    ...["polling", "delivery", "journal", "events", "fleet", "heartbeat"].map((key) =>
      section(key, part(config, key)),
    ),
    { name: "every sink", tables: [rows(sinks[0] ?? {}, { isShown: (key) => sharedKeys.includes(key) })] },
    ...sinks.map((sink) => ({
      name: `sink ${sink.title}`,
      tables: [requiredFirst(rows(sink, { isShown: (key) => key !== "type" && !sharedKeys.includes(key) }))],
    })),
  ];
}

/** The tables of a section in Markdown. */
export const sectionTables = ({ tables }: Section): string =>
  tables
    .map((rows) => markdownTable([["Option", "Type", "Default", "Description"], ...rows]))
    .join("\n\nor\n\n");

interface RowsOptions {
  readonly isShown?: (key: string) => boolean;
  /** Nested options too. */
  readonly isDeep?: boolean;
  readonly prefix?: string;
}

function rows(
  schema: JsonSchema,
  { isShown = () => true, isDeep = true, prefix = "" }: RowsOptions = {},
): readonly TableRow[] {
  return Object.keys(schema.properties ?? {})
    .filter(isShown)
    .flatMap((key) => {
      const field = part(schema, key);
      const name = `${prefix}${key}`;
      const initial = schema.required?.includes(key) ? "required" : initialOf(field);
      const row = [code(name), kind(field), initial, field.description ?? ""];
      return [row, ...(isDeep ? rows(field, { prefix: `${name}.` }) : [])];
    });
}

/** Rows of required options before the others; the rows of nested options stay with theirs. */
function requiredFirst(rows: readonly TableRow[]): readonly TableRow[] {
  const groups = Map.groupBy(rows, ([name = ""]) => name.split(".")[0]?.replaceAll("`", ""));
  const isRequired = (group: readonly TableRow[]): boolean => group[0]?.[2] === "required";
  return [...groups.values()].toSorted((a, b) => Number(isRequired(b)) - Number(isRequired(a))).flat();
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
