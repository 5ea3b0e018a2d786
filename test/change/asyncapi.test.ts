import { readFile } from "node:fs/promises";
import specs from "@asyncapi/specs";
import { Ajv, type SchemaObject } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { withEvents } from "../../build/docs/events.ts";
import { asyncApiDocument, eventTypes } from "../../lib/change/asyncapi.ts";
import { eventJsonSchema } from "../../lib/change/event-schema.ts";

const document = asyncApiDocument();

/** Compiles faster, and the code that checks is the same. */
const code = { optimize: false };

/** Validates as a reader of the document does, by the draft of JSON Schema that AsyncAPI 3.0 has. */
const payloads = addFormats
  .default(new Ajv({ strict: false, code }))
  .addSchema(document, "https://example.com/asyncapi");
const payloadValidator = (type: string) =>
  payloads.compile({ $ref: `https://example.com/asyncapi#/components/messages/${type}/payload` });

describe("the AsyncAPI document", () => {
  it("is valid by the published schema of AsyncAPI 3.0", () => {
    const validate = addFormats
      .default(new Ajv({ strict: false, unicodeRegExp: false, code }))
      .compile({ ...specs.schemasWithoutId["3.0.0"] } as SchemaObject);
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...document, channels: { events: { adress: "" } } })).toBe(false);
  });

  it("has a message for each type that the JSON Schema allows, and no other", () => {
    const { pattern } = eventJsonSchema.properties.type;
    const kinds = [...pattern.matchAll(/(task|stream)\\\.\(([a-z|]+)\)/g)].flatMap(([, of, names = ""]) =>
      names.split("|").map((name) => `com.huaweicloud.dms.${of}.${name}`),
    );
    expect(kinds.length).toBeGreaterThan(10);
    expect(Object.keys(document.components.messages).toSorted()).toEqual(kinds.toSorted());
    expect(Object.keys(document.channels.events.messages).toSorted()).toEqual(kinds.toSorted());
  });

  it.each(eventTypes)("has an example of $type that its payload accepts, and refuses others", ({ type }) => {
    const validate = payloadValidator(type);
    for (const { example } of eventTypes) {
      expect(validate(example), JSON.stringify(validate.errors)).toBe(example.type === type);
    }
    expect(validate({ ...eventTypes.find((each) => each.type === type)?.example, data: {} })).toBe(false);
  });
});

describe("docs/events.md", () => {
  it("has the types and examples that `npm run docs` writes", async () => {
    const page = await readFile(new URL("../../docs/events.md", import.meta.url), "utf8");
    expect(withEvents(page)).toBe(page);
    for (const { type } of eventTypes) expect(page).toContain(`<summary><code>${type}</code></summary>`);
  });
});
