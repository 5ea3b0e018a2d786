import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { literalSpots } from "../../../lib/config/read/module-places.ts";

/** What the module has at a field's value, up to the end of the line. */
function at(module: string, field: string): string | undefined {
  const spot = literalSpots(module).get(field);
  return spot && module.slice(spot.value).split("\n")[0];
}

const config = `
import { base } from "./base.ts"; // { not this }
const pattern = /["'{]/;
const own = { ak: "a", sk: \`b\${"}"}\` };
export default defineConfig({
  /* sources: { */
  sources: [
    { engine: "kafka", instances: ids.map((id) => ({ id, "x": [1, 2] })), credentials: own },
    make(1, { a: 2 }),
    { engine: cond ? "rabbitmq" : "dcs", },
    ...more,
    { engine: "lost" },
  ],
  "sinks": {
    ...shared({ a: [1] }),
    ops: { type: "slack", async deliver(events) { return [{ kind: "accepted" }]; }, url: env.URL as string },
    'in-cident': { type: "webhook" },
    custom,
  },
}) satisfies Config;
`;

describe("the places of a module's literal", () => {
  it.each([
    ["sources[0].engine", /^"kafka"/],
    ["sources[0].instances", /^ids\.map/],
    ["sources[0].credentials", /^own /],
    ["sources[1]", /^make/],
    ["sources[2].engine", /^cond/],
    ["sinks.ops.type", /^"slack"/],
    ["sinks.ops.url", /^env/],
    ["sinks.in-cident.type", /^"webhook"/],
    ["sinks.custom", /^custom/],
  ])("%s begins at %s", (field, text) => {
    expect(at(config, field)).toMatch(text);
  });

  it("has none for what is computed, and none behind a spread", () => {
    const fields = [...literalSpots(config).keys()];
    expect(fields).not.toContain("sources[0].instances[0]");
    expect(fields.filter((field) => field.startsWith("sources[3]"))).toEqual([]);
    const spread = "export default { sinks: { ops: 1 }, sources: [2], ...rest, journal: 3 };";
    expect([...literalSpots(spread).keys()]).toEqual(["configuration", "journal"]);
  });

  it.each([
    "const config: Config = {\n  sources: [1] };\nexport default config;",
    "export const config = defineConfig({\n  sources: [1] })\nexport default config as Config;",
    "export default {\n  sources: [1] }",
  ])("reads %s", (module) => {
    expect(at(module, "sources[0]")).toMatch(/^1/);
  });

  it.each(["export default () => ({ a: 1 });", "export default await load();", "export default absent;"])(
    "has only that of the whole for %s",
    (module) => {
      const at = "export default ".length;
      expect([...literalSpots(module)]).toEqual([["configuration", { key: at, value: at }]]);
    },
  );

  it.each(["module.exports = {};", "const config = {};\nexport { config as default };", ""])(
    "has none for %s",
    (module) => {
      expect(literalSpots(module).size).toBe(0);
    },
  );

  it("ends, whatever the text is", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      "(",
      ")",
      ",",
      ":",
      "a",
      "'",
      '"',
      "`",
      "${",
      "/",
      "...",
      " ",
      "\n",
      "\\",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        literalSpots(`export default {${pieces.join("")}`);
      }),
    );
  });

  it("finds every value of a literal that is plain", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const module = `export default ${JSON.stringify({ value }, null, 1)};`;
        const spot = literalSpots(module).get("value");
        expect(module.slice(spot?.value, (spot?.value ?? 0) + 1)).toBe(JSON.stringify(value).slice(0, 1));
      }),
    );
  });
});
