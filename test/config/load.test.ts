import { describe, expect, it } from "vitest";
import { loadConfigValue } from "../../lib/config/load.ts";
import { deps, folderWith, issuesOf, load, source, variable } from "./sample.ts";

describe("a configuration", () => {
  it("is completed with its defaults", async () => {
    const { config, sinks } = await load();
    expect(config).toMatchObject({
      sources: [{ startFrom: "now", pageSize: 100, timeZone: "UTC" }],
      checkpoint: { type: "file", path: ".bridge" },
      delivery: { maxBacklog: 10_000, timeBudget: 30_000 },
    });
    expect([...sinks.values()]).toMatchObject([
      { type: "console", options: { format: "text" }, common: { retry: { attemptsPerRun: 3 } } },
    ]);
  });

  it("is told of everything that is wrong in it at once", async () => {
    const issues = await issuesOf(
      loadConfigValue(
        {
          sources: [{ ...source, regoin: "x", engine: "rabbit", pageSize: 0, toString: 1 }, 5],
          sinks: {
            ops: { type: "webhook", url: "ftp://host/path", mod: "batch", rate: { events: 1 } },
            log: { type: "consle" },
            "x y": { type: "console" },
            odd: { type: "console", filter: { type: "x" }, retry: { maxAge: "soon" } },
          },
          chekpoint: {},
        },
        deps,
      ),
    );
    expect(
      Object.fromEntries(issues.map(({ field, expected, found }) => [field, `${expected} | ${found}`])),
    ).toEqual({
      "sources[0].regoin": "a known key (did you mean region?) | an unknown key",
      "sources[0].toString": expect.stringMatching(/^one of engine, region, .* \| an unknown key$/),
      "sources[0].engine": 'rabbitmq, kafka, rocketmq, dcs (did you mean rabbitmq?) | "rabbit"',
      "sources[0].pageSize": "a whole number from 1 to 100 | the number 0",
      "sources[1]": "an object | the number 5",
      chekpoint: "a known key (did you mean checkpoint?) | an unknown key",
      'sinks["x y"]': expect.stringContaining("a name of letters, digits, - and _"),
      "sinks.ops.mod": "a known key (did you mean mode?) | an unknown key",
      "sinks.ops.url": expect.stringMatching(/^an https URL.* \| a string of 15 characters$/),
      "sinks.ops.rate.per": "a duration such as 10s, 15m or 7d | nothing",
      "sinks.log.type": 'a known sink type (did you mean console?) | "consle"',
      "sinks.odd.filter.type": 'an array of values and operators, or an object | "x"',
      "sinks.odd.retry.maxAge": 'a duration such as 10s, 15m or 7d | "soon"',
    });
  });

  it.each(["__proto__", "prototype", "constructor"])("has no key %s", async (key) => {
    const value: unknown = JSON.parse(`{ "out": { "type": "console" }, "${key}": { "type": "file" } }`);
    expect(await issuesOf(load({ sinks: value }))).toEqual([
      { field: `sinks.${key}`, expected: "a key with another name", found: "a reserved name" },
    ]);
  });

  it.each([null, undefined, 5, "text", [], {}, true])("is not %j", async (value) => {
    expect(await issuesOf(loadConfigValue(value, deps))).not.toEqual([]);
  });

  it.each([
    [
      { ak: "A", sk: "S", securityTokn: "T" },
      "sources[0].credentials.securityTokn",
      "a known key (did you mean securityToken?)",
    ],
    [{ token: "" }, "sources[0].credentials.token", "an IAM token, in printable ASCII without blanks"],
    [
      { ak: "A" },
      "sources[0].credentials",
      "{ ak, sk, securityToken? }, { token } or { username, password, domain }",
    ],
  ])("with credentials %j has one issue", async (credentials, field, expected) => {
    const issues = await issuesOf(load({ sources: [{ ...source, credentials }] }));
    expect(issues).toMatchObject([{ field, expected }]);
  });
});

describe("streams", () => {
  const watch = (...instances: readonly (readonly string[] | "all")[]) =>
    load({ sources: instances.map((watched) => ({ ...source, instances: watched })) });

  it("may be shared out over sources", async () => {
    expect((await watch(["a", "b"], ["c"])).config.sources).toMatchObject([
      { instances: ["a", "b"] },
      { instances: ["c"] },
    ]);
    const elsewhere = { ...source, region: "cn-east-3", instances: "all" };
    expect((await load({ sources: [source, elsewhere] })).config.sources).toMatchObject([
      { region: source.region },
      { region: "cn-east-3", instances: "all" },
    ]);
  });

  it.each([
    [
      [
        ["a", "b"],
        ["c", "b"],
      ],
      "sources[1].instances[1]",
      "one that sources[0].instances[1] watches too",
    ],
    [[["a", "a"]], "sources[0].instances[1]", "one that sources[0].instances[0] watches too"],
    [["all", ["a"]], "sources[1].instances[0]", "one that sources[0].instances watches too"],
    [[["a"], "all"], "sources[1].instances", "one that sources[0].instances[0] watches too"],
    [["all", "all"], "sources[1].instances", "one that sources[0].instances watches too"],
  ] as const)("of %j are watched once only", async (instances, field, found) => {
    expect(await issuesOf(watch(...instances))).toMatchObject([{ field, found }]);
  });
});

describe("default credentials", () => {
  const { credentials: _, ...bare } = source;
  const credentialsFrom = async (environment: Readonly<Record<string, string>>) =>
    (await load({ sources: [bare] }, { environment })).config.sources[0]?.credentials;

  it("come from the environment, under both names, never mixed", async () => {
    const huawei = { HUAWEICLOUD_SDK_AK: "a", HUAWEICLOUD_SDK_SK: "s" };
    const cloud = { CLOUD_SDK_AK: "c", CLOUD_SDK_SK: "d" };
    expect(await credentialsFrom({ ...huawei, ...cloud })).toEqual({ ak: "a", sk: "s" });
    expect(await credentialsFrom({ HUAWEICLOUD_SDK_AK: "a", ...cloud })).toEqual({ ak: "c", sk: "d" });
    expect(await credentialsFrom({ ...huawei, HUAWEICLOUD_SDK_SECURITY_TOKEN: "t" })).toEqual({
      ak: "a",
      sk: "s",
      securityToken: "t",
    });
  });

  it("are missed by the names of both variables", async () => {
    const missing = { field: "sources[0].credentials", expected: expect.stringMatching(/SDK_AK.*SDK_SK/) };
    expect(await issuesOf(load({ sources: [bare] }))).toMatchObject([{ ...missing, found: "neither" }]);
    expect(
      await issuesOf(load({ sources: [bare] }, { environment: { HUAWEICLOUD_SDK_SK: "hidden" } })),
    ).toEqual([{ ...missing, found: "only HUAWEICLOUD_SDK_SK" }]);
  });

  it("give way to those that are written", async () => {
    const environment = { HUAWEICLOUD_SDK_AK: "a", HUAWEICLOUD_SDK_SK: "s" };
    const { config } = await load({}, { environment });
    expect(config.sources[0]?.credentials).toEqual({ ak: "AK", sk: "SK" });
  });
});

describe("a custom sink", () => {
  const module = "export default { prefix: 'x', create(name, options) { return { name, options }; } };";

  it("is loaded from a path that starts at the configuration's folder", async () => {
    const folder = await folderWith({ "sink.mjs": module });
    const loaded = await load(
      { sinks: { mine: { type: "custom", module: "./sink.mjs", colour: "red" } } },
      { folder },
    );
    expect([...loaded.sinks.values()]).toMatchObject([{ options: { options: { colour: "red" } } }]);
  });

  it("keeps its identity when it stands in the configuration itself", async () => {
    const sink = { used: 0, create: () => expect.unreachable(), text: variable("NOT_LOOKED_AT") };
    const loaded = await load({ sinks: { mine: { type: "custom", module: sink } } });
    expect(loaded.sinks.size).toBe(1);
  });

  it.each([
    ["./absent.mjs", "a module that loads"],
    ["./empty.mjs", expect.stringContaining("a path of a module")],
    ["", expect.stringContaining("a path of a module")],
  ])("from %j says what is wrong with its module", async (path, expected) => {
    const folder = await folderWith({ "empty.mjs": "export {};" });
    const issues = await issuesOf(load({ sinks: { mine: { type: "custom", module: path } } }, { folder }));
    expect(issues).toMatchObject([{ field: "sinks.mine.module", expected }]);
  });
});

describe("what all sinks share", () => {
  it("is checked apart from a sink's own options", async () => {
    const common = { filter: { type: ["x"] }, rate: { events: 5, per: "1m" }, retry: { maxAttempts: 4 } };
    const { sinks } = await load({ sinks: { out: { type: "console", ...common } } });
    expect([...sinks.values()]).toMatchObject([
      { options: { format: "text" }, common: { ...common, rate: { events: 5, per: 60_000 } } },
    ]);
  });
});
