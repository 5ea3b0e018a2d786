import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configJsonSchema } from "../../lib/config/json-schema.ts";
import { loadConfigValue } from "../../lib/config/load.ts";
import { ConfigError } from "../../lib/core/errors.ts";
import { sinkTypes } from "../../lib/sinks/index.ts";
import { accepted, bySink, refused, webhook } from "./cases.ts";
import { deps, source, variable, written } from "./sample.ts";

const schema = await configJsonSchema(sinkTypes);
const matches = new Ajv2020({ strict: true, allowUnionTypes: true, code: { optimize: false } }).compile(
  JSON.parse(JSON.stringify(schema)),
);

const secret = `whsec_${Buffer.alloc(32).toString("base64")}`;
const environment = { TEXT: "text", ENGINE: "kafka", SPAN: "10m", ZONE: "UTC", MODE: "batch" };
const load = (value: unknown) =>
  loadConfigValue(value, { ...deps, environment, secrets: { ssm: async () => secret } }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ConfigError) return false;
      throw error;
    },
  );

describe("the JSON Schema", () => {
  it("is of draft 2020-12 and describes every field", () => {
    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(fieldsWithoutDescription(schema, "")).toEqual([]);
  });

  it.each(accepted)("and the loader take %s", async (_case, value) => {
    expect([matches(value), matches.errors]).toEqual([true, null]);
    expect(await load(value)).toBe(true);
  });

  it.each(refused)("and the loader refuse %s", async (_case, value) => {
    expect(matches(JSON.parse(JSON.stringify(value)))).toBe(false);
    expect(await load(value)).toBe(false);
  });

  it("offers every sink type by an enum, and answers a wrong one with one message", () => {
    const { sinks: byName } = Object(schema.properties);
    expect(byName.additionalProperties.properties.type).toEqual({
      enum: Object.keys(sinkTypes),
      description: expect.stringContaining("type"),
    });
    expect(matches(bySink({ type: "telegraph" }))).toBe(false);
    expect(matches.errors?.map(({ keyword, instancePath }) => [keyword, instancePath])).toEqual([
      ["enum", "/sinks/one/type"],
    ]);
  });

  it("takes keys of the user's own at the top", async () => {
    const value = { "x-common": { any: [1] }, ...written() };
    expect([matches(value), await load(value)]).toEqual([true, true]);
  });

  it("has patterns that Python's and Go's validators read, too", () => {
    const patterns = patternsIn(schema);
    expect(patterns.length).toBeGreaterThan(5);
    for (const pattern of patterns) expect(pattern).not.toMatch(/\(\?(?!:)|\\[pPuxkZzAbB1-9](?![\da-f]{2})/);
  });

  it("takes whatever the loader takes", async () => {
    const references = ["TEXT", "SPAN", "ENGINE", "ZONE", "MODE"].map(variable);
    const odd = fc.oneof(fc.constantFrom(...references, "ssm:/x", 5, true, null), fc.string());
    const mostly = (...good: readonly unknown[]) =>
      fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: odd });
    const span = mostly("10s", "1.5h", "0ms", variable("SPAN"));
    const some = (model: Record<string, fc.Arbitrary<unknown>>) => fc.record(model, { requiredKeys: [] });
    const watched = some({
      engine: mostly("dcs", variable("ENGINE")),
      startFrom: mostly("now", "all", "2024-01-01T00:00:00Z"),
      lookback: span,
      timeZone: mostly("UTC", variable("ZONE")),
      pageSize: fc.integer({ min: 0, max: 101 }),
      instances: mostly("all", ["a", "b"], []),
    });
    const options = fc.oneof(
      some({ mode: mostly("binary", variable("MODE")), timeout: span, secret: mostly(secret, "ssm:/x") }).map(
        (more) => ({ ...webhook, ...more }),
      ),
      some({ retry: some({ maxAge: span, attemptsPerRun: fc.integer({ min: 0, max: 22 }) }) }).map(
        (more) => ({
          type: "file",
          path: "x",
          ...more,
        }),
      ),
    );
    const value = fc.record({
      sources: watched.map((changes) => [{ ...source, ...changes }]),
      sinks: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9]?$/), options, { minKeys: 1, maxKeys: 2 }),
    });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(value, async (config) => {
        if (!(await load(config))) return;
        accepted++;
        expect([config, matches(config)]).toEqual([config, true]);
      }),
      { numRuns: 200 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});

/** Fields that the generated page could say nothing about. */
function fieldsWithoutDescription(part: unknown, path: string): readonly string[] {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) => {
    if (key !== "properties") return fieldsWithoutDescription(value, `${path}/${key}`);
    return Object.entries(value as object).flatMap(([name, field]) => [
      ...(name === "type" || "description" in field ? [] : [`${path}.${name}`]),
      ...fieldsWithoutDescription(field, `${path}.${name}`),
    ]);
  });
}

/** Every pattern of the schema. */
function patternsIn(part: unknown): readonly string[] {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) =>
    key === "pattern" && typeof value === "string" ? [value] : patternsIn(value),
  );
}
