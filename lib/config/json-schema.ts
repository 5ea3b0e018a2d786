import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import { type GenericSchema, getDescription } from "valibot";
import { asSchema, type Entries, entriesOf } from "./check/shape.ts";
import type { SinkTypes } from "./check/sinks.ts";
import { filterDefinitions } from "./filter-schema.ts";
import { configSchema, sinkCommon } from "./schema.ts";

export type { JsonSchema };

/**
 * JSON Schema 2020-12 of a configuration file, variables and references included. Its regular expressions use
 * only the subset that Python's `re` and Go's RE2 share.
 */
export async function configJsonSchema(sinkTypes: SinkTypes): Promise<JsonSchema> {
  const whole = writtenSchema(configSchema);
  const { filter, ...common } = writtenSchema(sinkCommon).properties ?? {};
  const pattern = {
    ...(typeof filter === "object" && { description: filter.description }),
    ...filterReference,
  };
  const branches = await Promise.all(
    Object.entries(sinkTypes).map(async ([type, load]) =>
      sinkBranch(type, writtenSchema((await load()).schema), { filter: pattern, ...common }),
    ),
  );
  const { sinks, ...properties } = whole.properties ?? {};
  const byName = typeof sinks === "object" ? sinks : {};
  // Editors complete from an enum; without it they would offer only the first branch.
  const additionalProperties: JsonSchema = {
    type: "object",
    properties: {
      type: {
        enum: Object.keys(sinkTypes),
        description: "The type of the sink. It decides which options there are: docs/sinks.",
      },
    },
    required: ["type"],
    allOf: branches,
  };
  return {
    ...whole,
    title: "Configuration of dms-task-bridge",
    properties: { ...properties, sinks: { ...byName, additionalProperties } },
    patternProperties: { "^x-": { description: "A key of your own; it is not checked." } },
    $defs: filterDefinitions,
  };
}

const filterReference = { $ref: "#/$defs/pattern" } as const satisfies JsonSchema;

/** The schema that applies when the sink has this type. */
function sinkBranch(type: string, own: JsonSchema, common: JsonSchema["properties"]): JsonSchema {
  const options: JsonSchema = {
    type: "object",
    title: type,
    properties: { type: true, ...own.properties, ...common },
    ...(own.required && { required: [...own.required] }),
    additionalProperties: own.additionalProperties ?? true,
  };
  const isOfType: JsonSchema = {
    type: "object",
    properties: { type: { const: type } },
    required: ["type"],
  };
  return { if: isOfType, [consequence]: options };
}

/** A constant, since an object literal with the key `then` would look like a promise to await. */
const consequence = "then";

/** Drops checks that JSON Schema cannot express; the loader makes them. */
function writtenSchema(schema: GenericSchema): JsonSchema {
  const converted = toJsonSchema(schema, {
    typeMode: "input",
    target: "draft-2020-12",
    errorMode: "ignore",
    overrideSchema: ({ valibotSchema, jsonSchema }) => withDescriptions(jsonSchema, entriesOf(valibotSchema)),
  });
  return openToReferences(converted);
}

/** Drops patterns with lookaround or Unicode classes, which not every validator supports. */
function portable({ pattern, ...schema }: JsonSchema): JsonSchema {
  const isShared = pattern !== undefined && !/\(\?[=!<]|\\[pPuk1-9]/.test(pattern);
  return isShared ? { ...schema, pattern } : schema;
}

/** The conversion of an input stops at the first transformation, and a description comes after it. */
function withDescriptions(schema: JsonSchema, entries: Entries | null): JsonSchema | null {
  if (entries === null || !schema.properties) return null;
  const properties = Object.entries(schema.properties).map(([key, part]) => {
    const entry = entries[key];
    const description =
      entry && getDescription("wrapped" in entry ? (asSchema(entry.wrapped) ?? entry) : entry);
    return [key, typeof part === "object" && description ? { ...part, description } : part] as const;
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** A variable or reference in place of a value. */
export const reference = {
  type: "string",
  pattern: "\\$\\{|^(ssm|secretsmanager|csms|file):",
} as const satisfies JsonSchema;

/** Also allows a variable or a reference wherever a text of a certain form is expected; the loader checks its value. */
function openToReferences(schema: JsonSchema): JsonSchema {
  const { description, default: initial, ...bare } = portable(schema);
  if (bare.pattern === undefined && bare.const === undefined && bare.enum === undefined)
    return openParts(portable(schema));
  return {
    anyOf: [bare, reference],
    ...(description !== undefined && { description }),
    ...(initial !== undefined && { default: initial }),
  };
}

function openParts(schema: JsonSchema): JsonSchema {
  const { properties, items, additionalProperties, anyOf, oneOf } = schema;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        // `type` is written out because it distinguishes the alternatives.
        Object.entries(properties).map(([key, part]) => [key, key === "type" ? part : open(part)]),
      ),
    }),
    ...(items !== undefined && !Array.isArray(items) && { items: open(items) }),
    ...(additionalProperties !== undefined && { additionalProperties: open(additionalProperties) }),
    ...(anyOf && { anyOf: anyOf.map(open) }),
    ...(oneOf && { oneOf: oneOf.map(open) }),
  };
}

const open = (part: JsonSchema | boolean): JsonSchema | boolean =>
  typeof part === "boolean" ? part : openToReferences(part);
