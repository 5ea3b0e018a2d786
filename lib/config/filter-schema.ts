import type { JsonSchema } from "@valibot/to-json-schema";

const text = { type: "string" } as const satisfies JsonSchema;
const texts = { anyOf: [text, { type: "array", items: text, minItems: 1 }] } as const satisfies JsonSchema;
const foldedText = {
  anyOf: [
    text,
    {
      type: "object",
      properties: { "equals-ignore-case": { ...text, description: "In capitals or not." } },
      required: ["equals-ignore-case"],
      additionalProperties: false,
    },
  ],
} as const satisfies JsonSchema;

const operators: Readonly<Record<string, JsonSchema>> = {
  exists: { type: "boolean", description: "Whether the field must be there." },
  prefix: { ...foldedText, description: "What the text begins with." },
  suffix: { ...foldedText, description: "What the text ends with." },
  "equals-ignore-case": { ...text, description: "The text, in capitals or not." },
  wildcard: { ...text, description: "A text in which `*` stands for any characters." },
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
          prefix: { ...texts, description: "What the text may not begin with." },
          suffix: { ...texts, description: "What the text may not end with." },
          wildcard: { ...texts, description: "A text with `*` that may not match." },
          "equals-ignore-case": {
            ...texts,
            description: "The text that may not stand there, in capitals or not.",
          },
        },
        minProperties: 1,
        maxProperties: 1,
        additionalProperties: false,
      },
    ],
    description: "What may not stand there.",
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
        description: "Patterns of which one is enough.",
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
