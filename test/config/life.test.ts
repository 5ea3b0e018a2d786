import { describe, expect, it } from "vitest";
import { loadConfig, loadConfigValue, loadSinks } from "../../lib/config/load.ts";
import { ConfigError } from "../../lib/core/errors.ts";
import { deps, folderWith, issuesOf, load, sinks, source, variable, written } from "./sample.ts";

const inFile = async (name: string, text: string, environment = {}) =>
  loadConfig(name, { ...deps, environment, folder: await folderWith({ [name]: text }) });

const placesIn = async (name: string, text: string): Promise<readonly (readonly [string, unknown])[]> => {
  const error = await inFile(name, text).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw error;
  return error.issues.map(({ field }, index) => [field, error.places[index]]);
};

describe("a configuration as people write it", () => {
  it("may hold merge keys and keys of its user's own that begin with x-", async () => {
    const text = `
x-common: &common
  engine: kafka
  region: cn-north-4
  credentials: { ak: AK, sk: SK }
x-slow: &slow { lookback: 1h, region: other }
sources:
  - <<: [*common, *slow]
    projectId: p1
    instances: [i1]
  - <<: *common
    engine: rabbitmq
    projectId: p2
    instances: [i2]
sinks:
  out: { type: console }
`;
    const { config } = await inFile("c.yaml", text);
    expect(config.sources).toMatchObject([
      { engine: "kafka", region: "cn-north-4", lookback: 3_600_000, projectId: "p1" },
      { engine: "rabbitmq", region: "cn-north-4", lookback: 900_000, projectId: "p2" },
    ]);
    const folder = await folderWith({ "c.yaml": text });
    expect([...(await loadSinks("c.yaml", { ...deps, folder })).sinks.keys()]).toEqual(["out"]);
  });

  it.each([
    ["an alias of nothing", "sources: *nowhere\n", ["c.yaml:1:10"]],
    ["a text without an end", 'sources: []\nsinks: { out: { type: "console } }\n', ["c.yaml:3:1"]],
    ["two keys that stand there twice", "a: 1\na: 2\nb: 1\nb: 2\n", ["c.yaml:2:1", "c.yaml:4:1"]],
  ])("has one mistake, with its place, for each of %s", async (_case, text, places) => {
    const issues = await issuesOf(inFile("c.yaml", text));
    expect(issues.map(({ field }) => field)).toEqual(places);
    expect(issues[0]?.found).not.toMatch(/multiply/);
  });

  it("has one mistake a field, however much is wrong with its value", async () => {
    const text = `sources: [{ engine: kafka, region: r, projectId: p, instances: all, startFrom: soon }]
sinks: { out: { type: console } }
delivery: { concurrency: .inf }
`;
    const fields = (await issuesOf(inFile("c.yaml", text))).map(({ field }) => field);
    expect(fields).toEqual([...new Set(fields)]);
    expect(fields).toEqual(expect.arrayContaining(["sources[0].startFrom", "delivery.concurrency"]));
  });

  it("takes no key with x- below the top, and looks at nothing inside one at the top", async () => {
    const own = { "x-note": { text: variable("UNSET"), ref: "ssm:/nowhere", deep: [[[]]] } };
    expect((await loadConfigValue({ ...written(), ...own }, deps)).sinks.size).toBe(1);
    expect(await issuesOf(load({ delivery: { "x-note": 1 } }))).toMatchObject([{ field: "delivery.x-note" }]);
  });

  it.each<[string, object, string, string]>([
    [
      "an instance",
      { instances: ["a", 12_345] },
      "sources[0].instances[1]",
      "the number 12345: put it in quotes",
    ],
    ["a project", { projectId: 7 }, "sources[0].projectId", "the number 7: put it in quotes"],
    ["a region", { region: true }, "sources[0].region", "the boolean true: put it in quotes"],
    [
      "an access key",
      { credentials: { ak: 5, sk: "x" } },
      "sources[0].credentials.ak",
      "a number: put it in quotes",
    ],
    ["a nothing", { instances: [null] }, "sources[0].instances[0]", "null"],
  ])("hears which text must be in quotes: %s", async (_, changes, field, found) => {
    expect(await issuesOf(load({ sources: [{ ...source, ...changes }] }))).toMatchObject([{ field, found }]);
  });

  it.each<[string, unknown, string]>([
    ["at the top", [source], "configuration"],
    ["of nothing at the top", [], "configuration"],
    ["for the sinks", written({ sinks: [{ type: "console" }] }), "sinks"],
    ["for a sink", written({ sinks: { out: [] } }), "sinks.out"],
    ["for an object that may be left out", written({ delivery: [] }), "delivery"],
    [
      "for what all sinks share",
      written({ sinks: { out: { type: "console", retry: [1] } } }),
      "sinks.out.retry",
    ],
    [
      "for a sink's own object",
      written({ sinks: { out: { type: "webhook", url: "https://a.example", headers: [] } } }),
      "sinks.out.headers",
    ],
  ])("hears of a list %s once, where an object should stand", async (_, value, field) => {
    expect(await issuesOf(loadConfigValue(value, deps))).toMatchObject([
      { field, found: expect.stringMatching(/^a list of \d items?$/) },
    ]);
  });

  it("takes what a variable holds as it is, also where it looks like a reference", async () => {
    const environment = { SECRET: "ssm:/not/asked", STAGE: "prod" };
    const asked: string[] = [];
    const secrets = {
      ssm: async (reference: string) => {
        asked.push(reference);
        return "sk";
      },
    };
    const credentials = { ak: variable("SECRET"), sk: `ssm:/${variable("STAGE")}/sk` };
    const { config } = await load({ sources: [{ ...source, credentials }] }, { environment, secrets });
    expect(config.sources[0]?.credentials).toEqual({ ak: "ssm:/not/asked", sk: "sk" });
    expect(asked).toEqual(["ssm:/prod/sk"]);
  });

  it.each(["webhook", "slack", "mattermost"])("hears what stands at %s's plain http URL", async (type) => {
    const sink = { type, url: "http://hooks.example/secret" };
    const issues = await issuesOf(load({ sinks: { ops: sink } }));
    expect(issues).toEqual([
      {
        field: "sinks.ops.url",
        expected: expect.stringContaining("allowPrivateNetwork"),
        found: "a string of 27 characters",
      },
    ]);
  });
});

describe("an IAM endpoint", () => {
  const password = { username: "u", password: "p", domain: "d" };
  const watch = (iamEndpoint: string, credentials: object = password) =>
    load({ sources: [{ ...source, iamEndpoint, credentials }] });

  it.each(["http://iam.example", "http://10.0.0.5", "http://localhost.example"])(
    "that gets a password is not %s",
    async (url) => {
      expect(await issuesOf(watch(url))).toMatchObject([
        { field: "sources[0].iamEndpoint", expected: expect.stringMatching(/^an https URL/) },
      ]);
    },
  );

  it.each(["https://iam.example", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"])(
    "that gets a password may be %s",
    async (url) => {
      expect((await watch(url)).config.sources).toMatchObject([{ iamEndpoint: url }]);
    },
  );

  it("that gets no password may be plain http", async () => {
    expect((await watch("http://iam.example", source.credentials)).config.sources).toHaveLength(1);
  });
});

describe("a mistake in a file of text", () => {
  it("is told with line and column, also behind an alias or a merge key", async () => {
    const text = `# comment
sources:
  - &one
    engine: rabbit
    region: cn-north-4
    projectId: p1
    instances: [a, 5]
    credentials: { ak: AK, sk: SK }
  - <<: *one
    regoin: x
sinks:
  "out.1": { type: console }
  out: { type: consle }
`;
    expect(await placesIn("c.yaml", text)).toEqual([
      ["sources[1].regoin", "c.yaml:10:5"],
      ["sources[0].engine", "c.yaml:4:13"],
      ["sources[0].instances[1]", "c.yaml:7:20"],
      ["sources[1].engine", "c.yaml:4:13"],
      ["sources[1].instances[1]", "c.yaml:7:20"],
      ['sinks["out.1"]', "c.yaml:12:3"],
      ["sources[1].instances[0]", "c.yaml:7:17"],
      ["sinks.out.type", "c.yaml:13:16"],
    ]);
  });

  it("is told where a missing field should be, and by its sentence", async () => {
    const json = JSON.stringify({ sources: [{ ...source, region: undefined }], sinks }, null, 1);
    expect(await placesIn("c.json", json)).toEqual([["sources[0].region", "c.json:3:3"]]);
    await expect(inFile("c.json", json)).rejects.toThrow(
      "c.json:3:3 sources[0].region: expected a region such as cn-north-4, found nothing",
    );
    expect(await placesIn("d.yaml", "sinks: { out: { type: console } }")).toEqual([
      ["sources", "d.yaml:1:1"],
    ]);
  });

  it("has its place in a module, too", async () => {
    expect(await placesIn("c.mjs", "export default { sinks: {} };")).toEqual([
      ["sources", "c.mjs:1:16"],
      ["sinks", "c.mjs:1:25"],
    ]);
  });
});
