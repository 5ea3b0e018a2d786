import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadConfigValue } from "../../lib/config/load.ts";
import { ConfigError } from "../../lib/core/errors.ts";
import { deps, issuesOf, load, source, variable, written } from "./sample.ts";

/** A password may hold any text. */
const withPassword = (password: string) => ({
  sources: [{ ...source, credentials: { username: "u", domain: "d", password } }],
});
const passwordOf = async (...args: Parameters<typeof load>) =>
  (await load(...args)).config.sources[0]?.credentials;

describe("a variable", () => {
  const environment = { NAME: "value", EMPTY: "", QUOTES: '"\n: {', NESTED: variable("NAME") };

  it.each([
    [variable("NAME"), "value"],
    [`a-${variable("NAME")}-${variable("NAME")}`, "a-value-value"],
    [`$${variable("NAME")}`, variable("NAME")],
    [`$$${variable("NAME")}`, `$${variable("NAME")}`],
    [variable("QUOTES"), '"\n: {'],
    [variable("NESTED"), variable("NAME")],
    ["$NAME $ {NAME}", "$NAME $ {NAME}"],
    [variable("NAME:-other"), "value"],
    [variable("NOPE:-other"), "other"],
    [variable("EMPTY:-ot:-h er"), "ot:-h er"],
    [`a${variable("NOPE:-")}`, "a"],
    [`$${variable("NOPE:-x")}`, variable("NOPE:-x")],
  ])("in %j becomes %j", async (text, value) => {
    expect(await passwordOf(withPassword(text), { environment })).toMatchObject({ password: value });
  });

  it.each([
    [variable("NOPE"), "the environment variable NOPE", "it unset"],
    [variable("toString"), "the environment variable toString", "it unset"],
    [variable("EMPTY"), "the environment variable EMPTY", "it empty"],
    [variable(`NOPE:-${variable("NAME")}`), expect.stringContaining(variable("NAME")), expect.any(String)],
    [variable("NAME-x"), expect.stringContaining(variable("NAME")), expect.any(String)],
    [variable(""), expect.stringContaining(variable("NAME")), expect.any(String)],
  ])("in %j is an issue of its own", async (text, expected, found) => {
    const issues = await issuesOf(load(withPassword(text), { environment }));
    expect(issues).toEqual([{ field: "sources[0].credentials.password", expected, found }]);
  });

  it("is named with the field wherever it stands", async () => {
    const sinks = { a: { type: "console", filter: { data: { task: { name: [variable("NO_1")] } } } } };
    const overdue = { SomeTask: variable("NO_2") };
    const issues = await issuesOf(load({ sources: [{ ...source, overdue }], sinks }));
    expect(issues.map(({ field, expected }) => `${field} ${expected}`)).toEqual([
      "sources[0].overdue.SomeTask the environment variable NO_2",
      "sinks.a.filter.data.task.name[0] the environment variable NO_1",
    ]);
  });
});

describe("a secret reference", () => {
  it("is fetched once however often it stands, and all at the same time", async () => {
    const asked: string[] = [];
    const both = Promise.withResolvers<void>();
    const read = async (reference: string) => {
      if (asked.push(reference) === 2) both.resolve();
      await both.promise;
      return `secret-of-${reference}`;
    };
    const credentials = { ak: "ssm:/prod/ak", sk: "secretsmanager:sk" };
    const sources = [
      { ...source, credentials },
      { ...source, instances: ["i2"], credentials },
    ];
    const { config } = await load({ sources }, { secrets: { ssm: read, secretsmanager: read } });
    expect(asked.toSorted()).toEqual(["secretsmanager:sk", "ssm:/prod/ak"]);
    expect(config.sources.map((one) => one.credentials)).toEqual(
      Array(2).fill({ ak: "secret-of-ssm:/prod/ak", sk: "secret-of-secretsmanager:sk" }),
    );
  });

  it("may hold a variable, and is not read again for variables or references", async () => {
    const read = async (reference: string) => `${reference} ${variable("STAGE")}`;
    const options = { environment: { STAGE: "prod" }, secrets: { ssm: read } };
    const credentials = await passwordOf(withPassword(`ssm:/${variable("STAGE")}/id`), options);
    expect(credentials).toMatchObject({ password: `ssm:/prod/id ${variable("STAGE")}` });
  });

  class AccessDenied extends Error {
    override readonly name = "AccessDenied";
  }

  it.each([
    ["without a resolver", {}, '"ssm:/a", no resolver for ssm: in this build'],
    ["that holds nothing", { ssm: async () => "" }, '"ssm:/a", which holds no text'],
    [
      "that fails",
      { ssm: () => Promise.reject(new AccessDenied("hidden")) },
      '"ssm:/a", which failed with AccessDenied',
    ],
    [
      "that fails with a code",
      { ssm: () => Promise.reject(Object.assign(new Error("hidden"), { code: "ParameterNotFound" })) },
      '"ssm:/a", which failed with Error ParameterNotFound',
    ],
    [
      "that fails with a code that is none",
      { ssm: () => Promise.reject(Object.assign(new Error("hidden"), { code: "hidden value" })) },
      '"ssm:/a", which failed with Error',
    ],
  ])("%s names the field and the reference", async (_case, secrets, found) => {
    const expected = "a reference to a secret that can be read";
    expect(await issuesOf(load(withPassword("ssm:/a"), { secrets }))).toEqual([
      { field: "sources[0].credentials.password", expected, found },
    ]);
  });
});

describe("a line break or blanks at a value's end", () => {
  const last = (text: string) => `${text} \r\n`;
  const credentials = { ak: "AK", sk: "SK", securityToken: "T" };
  const clean = {
    ...source,
    region: "cn-north-4",
    projectId: "p1",
    instances: ["i1"],
    endpoint: "https://dms.example.com",
    credentials,
  };

  it("are left out where the value becomes a header, a path or a key, however it came", async () => {
    const environment = { PROJECT: last("p1"), REGION: last("cn-north-4") };
    const sources = [
      {
        ...clean,
        region: variable("REGION"),
        projectId: variable("PROJECT"),
        instances: [last("i1")],
        endpoint: last("https://dms.example.com"),
        credentials: { ak: "ssm:/ak", sk: last("SK"), securityToken: last("T") },
      },
    ];
    const { config } = await load({ sources }, { environment, secrets: { ssm: async () => last("AK") } });
    const [read] = config.sources;
    expect(read).toMatchObject(clean);
  });

  it("are left out of the environment's own access key", async () => {
    const { credentials: _, ...bare } = clean;
    const environment = { HUAWEICLOUD_SDK_AK: last("AK"), HUAWEICLOUD_SDK_SK: last("SK") };
    const { config } = await load({ sources: [bare] }, { environment });
    expect(config.sources[0]?.credentials).toEqual({ ak: "AK", sk: "SK" });
  });

  it("leave nothing of a secret that is nothing else", async () => {
    const issues = await issuesOf(load(withPassword("ssm:/a"), { secrets: { ssm: async () => " \n" } }));
    expect(issues).toMatchObject([{ found: '"ssm:/a", which holds no text' }]);
  });

  it.each([
    ["region", { region: "cn north-4" }],
    ["region", { region: "cn-north-4/x" }],
    ["projectId", { projectId: "p1\np2" }],
    ["projectId", { projectId: "../p1" }],
    ["instances[0]", { instances: ["i 1"] }],
    ["endpoint", { endpoint: "https://dms.ex\nample.com" }],
    ["credentials.ak", { credentials: { ...credentials, ak: "A K" } }],
    ["credentials.sk", { credentials: { ...credentials, sk: "S\u0000K" } }],
    ["credentials.securityToken", { credentials: { ...credentials, securityToken: "T\r\nX: y" } }],
    ["credentials.token", { credentials: { token: "t\u00e4" } }],
  ])("elsewhere in %s is refused by its field, without its text", async (field, over) => {
    const issues = await issuesOf(load({ sources: [{ ...clean, ...over }] }));
    expect(issues.map((issue) => issue.field)).toEqual([`sources[0].${field}`]);
    if (field.startsWith("credentials")) expect(issues[0]?.found).toMatch(/^a string of \d+ characters$/);
  });
});

/** Everything an error could carry to a log or a terminal. */
const said = (error: unknown): string => {
  expect(error).toBeInstanceOf(ConfigError);
  const { message, stack, issues } = error as ConfigError;
  return [message, stack, JSON.stringify(issues)].join("\n");
};
const errorOf = (value: unknown, environment = {}, secrets = {}): Promise<unknown> =>
  loadConfigValue(value, { ...deps, environment, secrets }).then(
    () => null,
    (error: unknown) => error,
  );

const planted = "PLANTED-5ecret";
const secretPlaces: readonly ((value: unknown) => object)[] = [
  ...["ak", "sk", "securityToken", "token", "password"].map((key) => (value: unknown) => ({
    sources: [{ ...source, credentials: { [key]: value } }],
  })),
  (value) => ({ sources: [{ ...source, endpoint: value }] }),
  (value) => ({ sources: [{ ...source, credentials: value }] }),
  ...["url", "secret", "secrets", "headers", "token", "password"].map((key) => (value: unknown) => ({
    sinks: { ops: { type: "webhook", [key]: value } },
  })),
  (value) => ({
    sinks: { ops: { type: "webhook", url: "https://a.example", headers: { authorization: value } } },
  }),
];

describe("no error shows", () => {
  const shapes = fc.constantFrom<unknown>(
    `${planted}\n`,
    [`${planted}\u{1f512}`],
    { deeper: planted },
    [[{ x: [planted] }]],
    `http://user:${planted}@host/${planted}?${planted}`,
  );

  it("what a secret field holds", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...secretPlaces), shapes, async (place, value) => {
        const error = await errorOf({ ...written(place(value)), broken: true });
        expect(said(error)).not.toContain(planted);
      }),
    );
  });

  it("what a variable or a reference gave, wherever it stands", async () => {
    const fields = fc.constantFrom(
      "engine",
      "lookback",
      "timeZone",
      "instances",
      "pageSize",
      "overdue",
      "other",
    );
    const texts = fc.constantFrom(variable("PLANTED"), `x${variable("PLANTED")}`, "ssm:/x");
    const sinkOptions = fc.constantFrom("type", "mode", "filter", "rate", "retry", "timeout", "batch");
    await fc.assert(
      fc.asyncProperty(fields, sinkOptions, texts, async (field, option, text) => {
        const value = {
          sources: [{ ...source, [field]: text }],
          sinks: {
            ops: { type: "webhook", url: "https://a.example", [option]: text },
            other: { type: "console", filter: { a: [{ prefix: text, cidr: text }], b: [{ cidr: text }] } },
          },
          wrong: 1,
        };
        const error = await errorOf(value, { PLANTED: planted }, { ssm: async () => planted });
        expect(said(error)).not.toContain(planted);
      }),
    );
  });
});

describe("a webhook's URL", () => {
  it.each([
    { sinks: { ops: `https://hooks.example/${planted}` } },
    { sinks: { ops: { type: `https://hooks.example/${planted}` } } },
    { sources: [{ ...source, engine: `https://hooks.example/${planted}` }] },
  ])("is not shown where it stands by mistake", async (value) => {
    expect(said(await errorOf(value))).not.toContain(planted);
  });
});

describe("random JSON", () => {
  const configLike = fc.record(
    {
      sources: fc.oneof(
        fc.array(
          fc.record(
            {
              engine: fc.oneof(fc.constant("kafka"), fc.jsonValue()),
              region: fc.jsonValue(),
              projectId: fc.jsonValue(),
              instances: fc.oneof(fc.constant("all"), fc.array(fc.string()), fc.jsonValue()),
              credentials: fc.jsonValue(),
              startFrom: fc.oneof(fc.string(), fc.constantFrom("all", "2024-01-01T00:00:00Z")),
              overdue: fc.jsonValue(),
            },
            { requiredKeys: [] },
          ),
        ),
        fc.jsonValue(),
      ),
      checkpoint: fc.jsonValue(),
      delivery: fc.jsonValue(),
      sinks: fc.dictionary(
        fc.string(),
        fc.record(
          {
            type: fc.oneof(fc.constantFrom("webhook", "file", "console", "custom"), fc.jsonValue()),
            url: fc.constantFrom(
              "https://hooks.example.com/x?y=1#z",
              "http://[::1]:8080/",
              "https://例え.jp",
            ),
            module: fc.jsonValue(),
            filter: fc.jsonValue(),
            retry: fc.jsonValue(),
          },
          { requiredKeys: [] },
        ),
      ),
    },
    { requiredKeys: [] },
  );

  it("is accepted or ends in a ConfigError", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), configLike), async (value) => {
        const error = await errorOf(value);
        if (error !== null) expect(error).toBeInstanceOf(ConfigError);
      }),
      { numRuns: 100 },
    );
  });
});
