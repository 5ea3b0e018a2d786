import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import { type GenericSchema, getDescription } from "valibot";
import { asSchema, type Entries, entriesOf } from "./check/shape.ts";
import type { SinkTypes } from "./check/sinks.ts";
import { filterDefinitions } from "./filter-schema.ts";
import { configSchema, sinkCommon } from "./schema.ts";

export type { JsonSchema };

/**
 * JSON Schema 2020-12 of a configuration as its user writes it, with variables and references in it. Its patterns are in
 * the subset that Python's `re` and Go's RE2 share.
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
  // Editors offer what an enum lists; of branches without it they would offer the first.
  const additionalProperties: JsonSchema = {
    type: "object",
    properties: {
      type: {
        enum: Object.keys(sinkTypes),
        description: "The type of the sink. It decides which options there are: docs/configuration.md.",
      },
    },
    required: ["type"],
    allOf: branches,
  };
  return {
    ...whole,
    title: "Configuration of dms-task-bridge",
    properties: { ...properties, sinks: { ...byName, additionalProperties } },
    patternProperties: { "^x-": { description: "The user's own; it is not looked at." } },
    $defs: filterDefinitions,
  };
}

const filterReference = { $ref: "#/$defs/pattern" } as const satisfies JsonSchema;

/** What counts where the sink is of this type. */
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

/** Its name is not written into an object, since await would take a function of that name for a promise's. */
const consequence = "then";

/** A check that JSON Schema cannot say is left to the loader. */
function writtenSchema(schema: GenericSchema): JsonSchema {
  const converted = toJsonSchema(schema, {
    typeMode: "input",
    target: "draft-2020-12",
    errorMode: "ignore",
    overrideSchema: ({ valibotSchema, jsonSchema }) => withDescriptions(jsonSchema, entriesOf(valibotSchema)),
  });
  return openToReferences(converted);
}

/** Without a pattern that looks ahead or behind, or names Unicode's classes: not every validator's language has those. */
function portable({ pattern, ...schema }: JsonSchema): JsonSchema {
  const isShared = pattern !== undefined && !/\(\?[=!<]|\\[pPuk1-9]/.test(pattern);
  return isShared ? { ...schema, pattern } : schema;
}

/** The conversion of an input stops at the first transformation, and a description stands behind it. */
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

/** A text that stands for another. */
export const reference = {
  type: "string",
  pattern: "\\$\\{|^(ssm|secretsmanager|csms|file):",
} as const satisfies JsonSchema;

/** A text of a certain form may also be written as a variable or a reference, whose value only the loader sees. */
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
        // `type` is what tells alternatives apart, so it is written out.
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
