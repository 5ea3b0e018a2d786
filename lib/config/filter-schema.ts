import type { JsonSchema } from "@valibot/to-json-schema";

const text = { type: "string" } as const satisfies JsonSchema;
const texts = { anyOf: [text, { type: "array", items: text, minItems: 1 }] } as const satisfies JsonSchema;
const foldedText = {
  anyOf: [
    text,
    {
      type: "object",
      properties: { "equals-ignore-case": { ...text, description: "Ignoring case." } },
      required: ["equals-ignore-case"],
      additionalProperties: false,
    },
  ],
} as const satisfies JsonSchema;

const operators: Readonly<Record<string, JsonSchema>> = {
  exists: { type: "boolean", description: "Whether the field must exist." },
  prefix: { ...foldedText, description: "Prefix of the text." },
  suffix: { ...foldedText, description: "Suffix of the text." },
  "equals-ignore-case": { ...text, description: "The text, ignoring case." },
  wildcard: { ...text, description: "Text; `*` matches any characters." },
  cidr: { ...text, description: "A range of addresses such as 10.0.0.0/8." },
  numeric: {
    type: "array",
    items: { anyOf: [{ enum: ["=", "<", "<=", ">", ">="] }, { type: "number" }] },
    minItems: 2,
    maxItems: 4,
    description: 'A comparison such as [">", 5], or a range such as [">=", 0, "<", 5].',
  },
  "anything-but": {
    anyOf: [
      { type: ["string", "number"] },
      { type: "array", items: { type: ["string", "number"] }, minItems: 1 },
      {
        type: "object",
        properties: {
          prefix: { ...texts, description: "Excluded prefix." },
          suffix: { ...texts, description: "Excluded suffix." },
          wildcard: { ...texts, description: "Excluded text; `*` matches any characters." },
          "equals-ignore-case": {
            ...texts,
            description: "Excluded text, ignoring case.",
          },
        },
        minProperties: 1,
        maxProperties: 1,
        additionalProperties: false,
      },
    ],
    description: "Excluded values.",
  },
};

/** The grammar of event patterns, for `$defs`; the loader checks more than JSON Schema can. */
export const filterDefinitions: Readonly<Record<string, JsonSchema>> = {
  pattern: {
    type: "object",
    properties: {
      $or: {
        type: "array",
        items: { $ref: "#/$defs/pattern" },
        minItems: 2,
        description: "Patterns; one must match.",
      },
    },
    additionalProperties: {
      anyOf: [
        { $ref: "#/$defs/pattern" },
        { type: "array", items: { $ref: "#/$defs/patternItem" }, minItems: 1 },
      ],
    },
    minProperties: 1,
  },
  patternItem: {
    anyOf: [
      { type: ["string", "number", "boolean", "null"] },
      {
        type: "object",
        properties: operators,
        minProperties: 1,
        maxProperties: 1,
        additionalProperties: false,
      },
    ],
  },
};
