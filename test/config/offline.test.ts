import { describe, expect, it } from "vitest";
import { checkConfig, loadOfflineSinks } from "../../lib/config/load.ts";
import { ConfigError } from "../../lib/core/errors.ts";
import { sinkTypes } from "../../lib/sinks/index.ts";
import { deps, issuesOf, source, variable, written } from "./sample.ts";

const read = (value: unknown) => ({ name: "c.yaml", value, source: null, folder: deps.folder });
const check = (changes: object) => checkConfig(read(written(changes)), deps);
const bare = { engine: "kafka", region: "cn-north-4", projectId: "p1", instances: "all" };

describe("a configuration that is checked without its secrets", () => {
  it("is valid with unset variables and unread references, and names them", async () => {
    const sources = [
      {
        ...bare,
        engine: variable("ENGINE"),
        instances: [`kafka-${variable("STAGE")}`],
        lookback: variable("SPAN"),
        startFrom: variable("FROM"),
        tls: { ca: "file:/ca.pem", cert: "file:/cert.pem", key: "file:/key.pem" },
        proxy: `http://${variable("USER")}:${variable("PASSWORD")}@proxy.example:3128`,
      },
    ];
    const sinks = {
      ops: { type: "slack", url: `https://hooks.slack.com/services/${variable("TOKEN")}` },
      hook: { type: "webhook", url: "ssm:/url", secret: "csms:hook#secret", contentType: variable("TYPE") },
      other: { type: variable("SINK"), anything: 1 },
      mine: { type: "custom", module: variable("MODULE") },
    };
    const checkpoint = { type: "postgres", url: `postgres://u:p@${variable("HOST")}:${variable("PORT")}/db` };
    expect((await check({ sources, sinks, checkpoint })).toSorted()).toEqual(
      [
        ...["ENGINE", "STAGE", "SPAN", "FROM", "USER", "PASSWORD", "TOKEN", "TYPE", "SINK", "MODULE", "HOST"],
        ...["PORT", "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"],
        ...["file:/ca.pem", "file:/cert.pem", "file:/key.pem", "ssm:/url", "csms:hook#secret"],
      ].toSorted(),
    );
  });

  it("fetches nothing", async () => {
    const secrets = { ssm: () => expect.unreachable("a secret was fetched") };
    const sinks = { ops: { type: "webhook", url: "ssm:/url" } };
    expect(await checkConfig(read(written({ sinks })), { ...deps, secrets })).toEqual(["ssm:/url"]);
  });

  it("is refused where no text can ever stand", async () => {
    const sources = [{ ...source, pageSize: variable("SIZE"), overdue: variable("OVERDUE") }];
    const sinks = { ops: { type: "kafka", brokers: variable("BROKERS"), topic: variable("TOPIC") } };
    const issues = await issuesOf(check({ sources, sinks }));
    expect(issues.map(({ field, found }) => `${field} ${found}`).toSorted()).toEqual([
      `sinks.ops.brokers "${variable("BROKERS")}", which is text`,
      `sources[0].overdue "${variable("OVERDUE")}", which is text`,
      `sources[0].pageSize "${variable("SIZE")}", which is text`,
    ]);
  });

  it("is told of mistakes beside what is not known", async () => {
    const sinks = {
      ops: {
        type: "slack",
        url: variable("SLACK_URL"),
        titlPrefix: "x",
        template: { title: "{{ task.nam }}", body: variable("BODY") },
        filter: { type: [{ prefx: variable("PREFIX") }], source: [{ cidr: variable("RANGE") }] },
      },
    };
    const fields = (await issuesOf(check({ sinks }))).map(({ field }) => field);
    expect(fields.toSorted()).toEqual([
      "sinks.ops.filter.type[0]",
      "sinks.ops.template.title",
      "sinks.ops.titlPrefix",
    ]);
  });

  it("holds different variables for different values, and one for the same", async () => {
    const two = (first: string, second: string) =>
      check({
        sources: [
          { ...bare, projectId: first },
          { ...bare, projectId: second },
        ],
      });
    expect(await two(variable("P1"), variable("P2"))).toContain("P1");
    expect(await issuesOf(two(variable("P1"), variable("P1")))).toMatchObject([
      { field: "sources[1].instances" },
    ]);
    const engines = [{ ...bare, engine: variable("E1") }, bare];
    expect(await check({ sources: engines })).toContain("E1");
  });
});

describe("the only option of a sink, a variable that is not set", () => {
  it.each(Object.keys(sinkTypes) as (keyof typeof sinkTypes)[])(
    "passes in %s where it is text",
    async (type) => {
      const { schema } = await sinkTypes[type]();
      const keys = Object.keys("entries" in schema ? (schema.entries as object) : {});
      for (const key of keys) {
        const value = { sinks: { ops: { type, [key]: variable("VALUE") } } };
        const issues = await loadOfflineSinks(read(value), deps).then(
          () => [],
          (error: unknown) =>
            error instanceof ConfigError ? error.issues : expect.unreachable(String(error)),
        );
        for (const { field, expected } of issues.filter(({ field }) => field === `sinks.ops.${key}`))
          expect(`${field}: ${expected}`).toMatch(/number|list|an object|true/);
      }
    },
  );
});

describe("a mistake does not hide another", () => {
  it("in the same sink, the same source or another one", async () => {
    const sources = [
      { ...source, engine: "kafak" },
      { ...source, lookback: 5 },
      { ...source, lookback: "1x" },
    ];
    const sinks = {
      hook: {
        type: "webhook",
        url: "ftp://x",
        mode: "batch",
        body: "{{ task.nam }}",
        secrets: ["whsec_x"],
      },
      chat: { type: "slack", url: 5, titlPrefix: "x", template: { title: "{{ oops" } },
    };
    const fields = (await issuesOf(check({ sources, sinks }))).map(({ field }) => field);
    expect(fields.toSorted()).toEqual([
      "sinks.chat.template.title",
      "sinks.chat.titlPrefix",
      "sinks.chat.url",
      "sinks.hook.body",
      "sinks.hook.mode",
      "sinks.hook.secrets[0]",
      "sinks.hook.url",
      "sources[0].engine",
      "sources[1].lookback",
      "sources[2].instances[0]",
      "sources[2].lookback",
    ]);
  });
});

describe("a value that is nearly right", () => {
  it.each([
    [{ sources: [{ ...source, engine: "rabitmq" }] }, "rabbitmq"],
    [{ checkpoint: { type: "dynamo" } }, "dynamodb"],
    [{ checkpoint: { type: "bucket", bucket: "records", provider: "obss" } }, "obs"],
    [{ sinks: { ops: { type: "slck" } } }, "slack"],
    [{ sinks: { ops: { type: "webhook", url: "https://a.example", mode: "structurd" } } }, "structured"],
    [{ sinks: { ops: { type: "slack", url: "https://a.example", language: "eng" } } }, "en"],
  ])("in %j is told with what was meant", async (changes, meant) => {
    expect(await issuesOf(check(changes))).toMatchObject([
      { expected: expect.stringContaining(`did you mean ${meant}?`) },
    ]);
  });

  it.each([
    [{ pageSize: "10" }, ": take it out of the quotes"],
    [{ projectId: 12345 }, ": put it in quotes"],
  ])("in %j is told what to do with the quotes", async (changes, advice) => {
    expect(await issuesOf(check({ sources: [{ ...source, ...changes }] }))).toMatchObject([
      { found: expect.stringContaining(advice) },
    ]);
  });
});
