import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../lib/config/load.ts";
import { readConfigText } from "../../../lib/config/read/file.ts";
import { deps, folderWith, issuesOf, written } from "../sample.ts";

const json = JSON.stringify(written());
const yaml = `
sources:
  - engine: rabbitmq
    region: cn-north-4
    projectId: p1
    instances: [i1]
    credentials: { ak: AK, sk: SK }
sinks:
  out: { type: console }
`;

const loadIn = async (files: Readonly<Record<string, string>>, file: string | null = null) =>
  loadConfig(file, { ...deps, folder: await folderWith(files) });
const failIn = async (name: string, text: string) => issuesOf(loadIn({ [name]: text }, name));

describe("a configuration file", () => {
  it.each([
    ["bridge.config.json", json],
    ["bridge.config.yaml", yaml],
    ["bridge.config.yml", yaml],
    ["bridge.config.ts", `const config: object = ${json}; export default config;`],
    ["bridge.config.mts", `export default ${json} as const;`],
    ["bridge.config.js", `export default ${json};`],
    ["bridge.config.mjs", `export default ${json};`],
  ])("is found as %s and says the same in every format", async (name, text) => {
    const { config, sinks, folder } = await loadIn({ [name]: text, "other.json": "{}" });
    expect(config).toMatchObject({ sources: [{ engine: "rabbitmq", lookback: 900_000 }] });
    expect([...sinks.keys()]).toEqual(["out"]);
    expect(folder).not.toBe(deps.folder);
  });

  it("is taken from the path that is given, relative to the folder", async () => {
    const folder = await folderWith({ "mine.json": json, "bridge.config.json": "{}" });
    expect(await loadConfig("mine.json", { ...deps, folder })).toMatchObject({ folder });
  });

  it("must be there, and be the only one", async () => {
    expect(await issuesOf(loadIn({ "bridge.json": json }))).toMatchObject([
      { field: "configuration", expected: expect.stringContaining("bridge.config.yaml"), found: "none" },
    ]);
    const both = { "bridge.config.yaml": yaml, "bridge.config.json": json };
    expect(await issuesOf(loadIn(both))).toMatchObject([
      { field: "configuration", found: "bridge.config.json and bridge.config.yaml" },
    ]);
    expect(await issuesOf(loadIn({}, "nope.json"))).toMatchObject([{ field: "nope.json", found: "none" }]);
  });

  it("is no folder, has a known ending, is UTF-8 and at most 1 MiB", async () => {
    const folder = await folderWith({ "a.toml": "" });
    await mkdir(join(folder, "b.json"));
    expect(await issuesOf(loadConfig("b.json", { ...deps, folder }))).toMatchObject([{ expected: "a file" }]);
    expect(await issuesOf(loadConfig("a.toml", { ...deps, folder }))).toMatchObject([
      { expected: expect.stringContaining(".yaml"), found: "another ending" },
    ]);
    expect(await failIn("big.json", json.padEnd(1_048_577))).toMatchObject([{ found: "1048577 bytes" }]);
    const full = await loadIn({ "full.json": json.padEnd(1_048_576) }, "full.json");
    expect(full.config.sources).toEqual((await loadIn({ "full.json": json }, "full.json")).config.sources);
  });

  it.each([
    ["c.yaml", `${yaml}sinks: {}\n`, "c.yaml:10:1", "a duplicate key"],
    ["c.yaml", `${yaml}x: !!js/function 'secret'`, "c.yaml:10:4", expect.stringContaining("a tag")],
    ["c.yaml", "a: b: 'secret'", "c.yaml:1:4", expect.any(String)],
    ["c.yaml", "a: 1\n---\nb: 2\n", expect.stringContaining("c.yaml:2"), "a second document"],
    ["c.json", '{\n "a": 1,\n "a": "secret"\n}', "c.json:3:2", "a duplicate key"],
    ["c.json", '{\n "a": secret\n}', "c.json:2:7", expect.any(String)],
    ["c.json", '{ "a": "secret", }', "c.json:1:18", expect.stringMatching(/comma after the last value$/)],
    ["c.json", '{\n  // "secret"\n "a": 1 }', "c.json:2:3", expect.stringMatching(/^a comment/)],
    ["c.json", '{ "a": 1, /* secret */ "b": 2 }', "c.json:1:11", expect.stringMatching(/^a comment/)],
    ["c.json", '{\n "a": NaN }', "c.json:2:7", "a word that is not in quotes"],
    ["c.json", "{ 'a': 1 }", "c.json:1:3", expect.any(String)],
    ["c.json", '{ "a": 1', "c.json:1:9", "an end without }"],
    ["c.json", '{ "a": 01 }', "c.json:1:9", expect.any(String)],
    ["c.json", '{ "a": "secret\n" }', "c.json:1:8", "a text without an end"],
    ["c.json", '{ "a": 1 } x', "c.json:1:12", expect.any(String)],
    ["c.yaml", 'a: "secret\n', "c.yaml:2:1", 'no closing " of a text'],
    ["c.yaml", "a: [secret\n", "c.yaml:2:1", "no closing ]"],
    ["c.yaml", "a: {b: secret\n", "c.yaml:2:1", "no closing }"],
    ["c.yaml", `a: { b: \${B}, c: \${C} }\n`, "c.yaml:1:10", "a variable that must be in quotes here"],
    ["c.yaml", `a: [\${B}]\n`, "c.yaml:1:6", "a variable that must be in quotes here"],
    ["c.yaml", "a:\n  b\n  c: secret\n", "c.yaml:2:3", expect.stringMatching(/^a key without a colon/)],
    ["c.yaml", "<<: 5\na: 1", "c.yaml:1:1", expect.stringMatching(/^a merge key/)],
    ["c.json", "", "c.json", expect.any(String)],
  ])("in %s is told where %j goes wrong", async (name, text, field, found) => {
    const issues = await failIn(name, text);
    expect(issues[0]).toMatchObject({ field, found });
    expect(JSON.stringify(issues)).not.toContain("secret");
  });

  it.each(["() => config", "async () => config"])("may export %s", async (exported) => {
    const text = `const config = ${json};\nexport default ${exported};\n`;
    const { config } = await loadIn({ "f.mjs": text }, "f.mjs");
    expect(config).toEqual((await loadIn({ "f.json": json }, "f.json")).config);
  });

  it("is told without the levels below the first that is too deep", async () => {
    expect(await failIn("deep.yaml", "[".repeat(20_000))).toEqual([
      { field: expect.stringMatching(/^deep\.yaml:1:\d+$/), expected: "YAML", found: "too many levels" },
    ]);
  });

  it.each([
    [
      "a.mjs",
      "export const config = {};",
      { expected: "a default export, the configuration", found: "none" },
    ],
    ["b.mjs", "throw new Error('my secret');", { found: "Error (see it with --debug)" }],
    [
      "f.mjs",
      "export default () => { throw new TypeError('my secret'); };",
      { found: expect.stringMatching(/^TypeError/) },
    ],
    ["g.mjs", "\nthrow 'my secret';", { field: "g.mjs", found: "a thrown string" }],
    [
      "h.mjs",
      "export default Promise.reject(new Error('my secret'));",
      { field: "h.mjs:1:31", found: "Error (see it with --debug)" },
    ],
    [
      "i.mjs",
      "export default {\n  get sources() { throw new Error('my secret'); } };",
      { field: "i.mjs:2:25", found: "Error (see it with --debug)" },
    ],
    ["c.mjs", "import './absent.mjs';", { field: "c.mjs:1:8", found: 'no module "./absent.mjs"' }],
    [
      "d.mjs",
      "\nimport { a } from 'no-such-package/part';",
      { field: "d.mjs:2:19", found: 'no module "no-such-package/part"' },
    ],
  ])("as the module %s is refused with the reason's kind alone", async (name, text, issue) => {
    const issues = await failIn(name, text);
    expect(issues).toMatchObject([
      { field: expect.stringMatching(`^${name}`), expected: expect.any(String), ...issue },
    ]);
    expect(JSON.stringify(issues)).not.toContain("my secret");
  });

  it.each([
    ["export {};\nthrow new Error('my secret');", "Error in part.mjs:2:7 (see it with --debug)"],
    ["import './absent.mjs';", 'no module "./absent.mjs" in part.mjs:1:8'],
  ])("names the module that it imports where that has %j", async (part, found) => {
    const folder = await folderWith({ "part.mjs": part, "c.mjs": "import './part.mjs';" });
    expect(await issuesOf(loadConfig("c.mjs", { ...deps, folder }))).toMatchObject([
      { field: "c.mjs", expected: "a module that loads", found },
    ]);
  });

  it("may use an anchor as often as it likes", async () => {
    const text = `x-ids: &ids [${"i, ".repeat(20)}]\nlist:\n${"  - *ids\n".repeat(500)}`;
    expect(await readConfigText(text, "c.yaml")).toMatchObject({ value: { list: { length: 500 } } });
  });
});

describe("a hostile file", () => {
  const bomb = ["a0: &a0 [x]"];
  for (let level = 1; level < 12; level++) {
    bomb.push(
      `a${level}: &a${level} [${Array(9)
        .fill(`*a${level - 1}`)
        .join(", ")}]`,
    );
  }

  it.each([
    ["a.json", "[".repeat(20_000)],
    ["b.json", `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`],
    ["c.json", `[${"1,".repeat(50_001)}1]`],
    ["d.yaml", bomb.join("\n")],
    ["e.yaml", "a: &a [*a]"],
    ["f.yaml", `${"- ".repeat(10_000)}x`],
    [
      "many-keys.json",
      JSON.stringify(Object.fromEntries(Array.from({ length: 50_001 }, (_, i) => [`k${i}`, 1]))),
    ],
    ["g.json", '{ "__proto__": { "polluted": true } }'],
    ["h.yaml", "__proto__: { polluted: true }\nsinks: { constructor: { type: console } }"],
    ["i.yaml", "<<: { sources: [] }\n? [1]\n: 2"],
    [
      "wrong-keys.json",
      JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, 1]))),
    ],
  ])("%s ends in a clear error and changes no prototype", async (name, text) => {
    const issues = await failIn(name, text);
    expect(issues.length).toBeGreaterThan(0);
    expect({}).not.toHaveProperty("polluted");
  });
});
