import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Task } from "../../../../lib/change/task.ts";
import { checkProxies } from "../../../../lib/cli/commands/doctor/proxy-check.ts";
import { checkSink } from "../../../../lib/cli/commands/doctor/sink-checks.ts";
import { checkSources, fairSample } from "../../../../lib/cli/commands/doctor/source-checks.ts";
import { loadConfigValue } from "../../../../lib/config/load.ts";
import { systemClock } from "../../../../lib/core/clock.ts";
import { SourceError } from "../../../../lib/core/errors.ts";
import { sinkName, taskId } from "../../../../lib/core/names.ts";
import type { WatchedStream } from "../../../../lib/source/discovery.ts";
import type { Page, TaskSource } from "../../../../lib/source/task-source.ts";
import { sinkAddresses } from "../../../../lib/wire/sink-addresses.ts";
import { folderWith, source } from "../../../config/sample.ts";
import { makeCertificate } from "../../../services/certificate.ts";

const hourMs = 3_600_000;
const nowMs = Date.now();
const task = (id: string, createdAtMs: number): Task => ({
  id: taskId(id),
  name: "modify",
  status: "SUCCESS",
  params: null,
  user: { id: null, name: null },
  createdAtMs,
  updatedAtMs: createdAtMs,
});
const history = [task("a", nowMs - 20 * hourMs), task("b", nowMs - 10 * hourMs), task("c", nowMs - hourMs)];

/** An API that reads times `aheadMs` later than they are meant. */
function apiThat({ aheadMs = 0, more = {} }: { aheadMs?: number; more?: Partial<Page> } = {}): TaskSource {
  return {
    async *list(_, beginMs) {
      const tasks = history.filter(
        ({ createdAtMs }) => createdAtMs >= Math.floor((beginMs + aheadMs) / 1_000) * 1_000,
      );
      yield { tasks, skipped: [], clockSkewMs: 0, doubt: null, dialect: { name: "start", base: 1 }, ...more };
    },
    get: async () => null,
    close: async () => {},
  };
}

const watched = (instanceId: string, api: TaskSource): WatchedStream => ({
  stream: { engine: "kafka", region: "r", projectId: "p", instanceId } as WatchedStream["stream"],
  name: instanceId,
  source: api,
});

async function found(...streams: readonly WatchedStream[]): Promise<Record<string, string>> {
  const stop = new AbortController().signal;
  const bridge = { discover: async () => ({ streams, failedSources: [] }) };
  const findings = await checkSources({ stop, clock: systemClock } as never, bridge as never);
  return Object.fromEntries(findings.map(({ check, result, found }) => [check, `${result}: ${found}`]));
}

describe("the checks of the live API", () => {
  it("tell clock, zone and paging", async () => {
    expect(await found(watched("one", apiThat()))).toEqual({
      sources: "ok: 1 instance, 3 tasks of the last day",
      clock: "ok: 0 ms off the API's",
      zone: "ok: times are read in the source's timeZone",
      paging: "ok: start from 1 (one page had all tasks)",
    });
  });

  it("see an API that reads times in another zone", async () => {
    expect((await found(watched("one", apiThat({ aheadMs: 8 * hourMs }))))["zone"]).toMatch(
      /^failed: one: tasks are missing/,
    );
    expect((await found(watched("one", apiThat({ aheadMs: -12 * hourMs }))))["zone"]).toMatch(
      /^warning: one: 1 task from before/,
    );
  });

  it("name a later stream that cannot be read, and any that pages strangely", async () => {
    const broken: TaskSource = {
      ...apiThat(),
      list: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(new SourceError("forbidden", "no right")),
        }),
      }),
    };
    const strange = apiThat({
      more: { doubt: "fewer tasks were listed than the API counts", clockSkewMs: 90_000 },
    });
    const findings = await found(
      watched("one", apiThat()),
      watched("two", broken),
      watched("three", strange),
    );
    expect(findings["sources"]).toBe("failed: two: no right");
    expect(findings["paging"]).toBe("warning: three: fewer tasks were listed than the API counts");
    expect(findings["clock"]).toMatch(/^failed: 1 m 30 s off/);
  });

  it("go on with other sources while one cannot list its instances", async () => {
    const stop = new AbortController().signal;
    const bridge = {
      discover: async () => ({
        streams: [watched("one", apiThat())],
        failedSources: [{ key: "kafka/r/lost", error: new SourceError("unauthorized", "wrong key") }],
      }),
    };
    const findings = await checkSources({ stop, clock: systemClock } as never, bridge as never);
    expect(findings.map(({ check, result }) => `${check} ${result}`)).toEqual([
      "sources failed",
      "sources ok",
      "clock ok",
      "zone ok",
      "paging ok",
    ]);
  });

  it("read streams of every source, twenty at most", () => {
    const [many, few] = [apiThat(), apiThat()];
    const streams = [
      ...Array.from({ length: 50 }, (_, index) => watched(`m${index}`, many)),
      watched("f", few),
    ];
    const chosen = fairSample(streams);
    expect(chosen).toHaveLength(20);
    expect(chosen.map(({ name }) => name)).toContain("f");
  });
});

async function sinkOf(options: object) {
  const { sinks } = await loadConfigValue(
    { sources: [source], sinks: { it: options } },
    { environment: {}, folder: "/" },
  );
  const sink = sinks.get(sinkName("it"));
  if (!sink) throw new Error("no sink");
  return sink;
}

describe("a sink's addresses", () => {
  it.each([
    [
      { type: "kafka", brokers: ["k1:9092", "k2:9092"], topic: "t", tls: {} },
      ["kafka+tls://k1:9092", "kafka+tls://k2:9092"],
    ],
    [{ type: "redis", url: "rediss://cache", stream: "s" }, ["rediss://cache"]],
    [{ type: "mqtt", url: "mqtt://broker" }, ["mqtt://broker"]],
    [{ type: "nats", servers: ["n1:4222"] }, ["nats://n1:4222"]],
    [{ type: "nats", servers: ["n1:4222"], tls: {} }, ["nats+tls://n1:4222"]],
    [
      { type: "email", from: "a@example.com", to: ["b@example.com"], smtp: { host: "mail.example.com" } },
      ["smtp+starttls://mail.example.com:587"],
    ],
    [
      { type: "email", from: "a@example.com", to: ["b@example.com"], ses: { region: "eu-west-1" } },
      ["https://email.eu-west-1.amazonaws.com"],
    ],
    [
      { type: "sqs", queueUrl: "https://sqs.eu-west-1.amazonaws.com/123456789012/q" },
      ["https://sqs.eu-west-1.amazonaws.com"],
    ],
    [
      { type: "sns", topicArn: "arn:aws:sns:us-east-1:123456789012:t" },
      ["https://sns.us-east-1.amazonaws.com"],
    ],
    [
      {
        type: "smn",
        topicUrn: "urn:smn:cn-north-4:0123456789abcdef0123456789abcdef:t",
        credentials: { ak: "a", sk: "b" },
      },
      ["https://smn.cn-north-4.myhuaweicloud.com"],
    ],
    [{ type: "console" }, []],
  ])("%j", async (options, addresses) => {
    const urls = sinkAddresses(await sinkOf(options), {});
    expect(urls.map(({ href }) => href.replace(/\/$/, ""))).toEqual(addresses);
  });

  it("are connected to, each named with how it went", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const context = { environment: {} } as never;
    const brokers = [`127.0.0.1:${port}`, "127.0.0.1:9"];
    expect(
      await checkSink(context, "it", await sinkOf({ type: "kafka", brokers, topic: "t" })),
    ).toMatchObject({
      result: "warning",
      found: `kafka://127.0.0.1:9: the host refuses connections (ECONNREFUSED); kafka://127.0.0.1:${port} accepts connections`,
    });
    const lost = await checkSink(
      context,
      "it",
      await sinkOf({ type: "redis", url: "redis://:secret@127.0.0.1:9", stream: "s" }),
    );
    expect(lost).toMatchObject({
      result: "failed",
      found: "redis://127.0.0.1:9: the host refuses connections (ECONNREFUSED)",
    });
    const nowhere = await checkSink(context, "it", await sinkOf({ type: "kinesis", stream: "s" }));
    expect(nowhere).toMatchObject({ result: "failed", found: expect.stringContaining("AWS_REGION") });
  });

  it("are asked for TLS where the sink uses it, and their certificate is named", async () => {
    const folder = await folderWith({});
    const { cert, key } = await makeCertificate(folder, "IP:127.0.0.1");
    const server = createTlsServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const context = { environment: {} } as never;
    const kafka = { type: "kafka", brokers: [`127.0.0.1:${port}`], topic: "t" };
    expect(await checkSink(context, "it", await sinkOf({ ...kafka, tls: { ca: cert } }))).toMatchObject({
      result: "ok",
      found: expect.stringMatching(/accepts TLS, certificate until \d{4}-\d\d-\d\d;/),
    });
    expect(await checkSink(context, "it", await sinkOf({ ...kafka, tls: {} }))).toMatchObject({
      result: "failed",
      found: expect.stringContaining("the certificate is not trusted"),
    });
  });

  it("are asked for TLS after the words that NATS and mail servers begin with", async () => {
    const folder = await folderWith({});
    const { cert, key } = await makeCertificate(folder, "IP:127.0.0.1");
    const talking = async (first: string, answers: Readonly<Record<string, string>>, last: string) => {
      const server = createServer((socket) => {
        const secure = () =>
          new TLSSocket(socket, { isServer: true, cert, key }).on("error", () => socket.destroy());
        socket.on("error", () => {});
        socket.write(first);
        if (last === "") secure();
        socket.on("data", function answer(data) {
          const line = String(data).trim();
          if (line === last) {
            socket.off("data", answer);
            secure();
          }
          if (answers[line]) socket.write(answers[line]);
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void server.close());
      return (server.address() as AddressInfo).port;
    };
    const nats = await talking('INFO {"tls_required":true}\r\n', {}, "");
    const smtp = await talking(
      "220 mail\r\n",
      { "EHLO dms-task-bridge": "250-mail\r\n250 STARTTLS\r\n", STARTTLS: "220 go ahead\r\n" },
      "STARTTLS",
    );
    const without = await talking(
      "220 mail\r\n",
      { "EHLO dms-task-bridge": "250 mail\r\n", STARTTLS: "502 no\r\n" },
      "-",
    );
    const context = { environment: {} } as never;
    const mail = (port: number, ca: string) => ({
      type: "email",
      from: "a@example.com",
      to: ["b@example.com"],
      smtp: { host: "127.0.0.1", port, ca },
    });
    const servers = [`127.0.0.1:${nats}`];
    const check = async (options: object) => checkSink(context, "it", await sinkOf(options));
    const accepted = { result: "ok", found: expect.stringMatching(/accepts TLS, certificate until \d{4}/) };
    expect(await check({ type: "nats", servers, tls: { ca: cert } })).toMatchObject(accepted);
    expect(await check({ type: "nats", servers, tls: {} })).toMatchObject({
      result: "failed",
      found: expect.stringContaining("the certificate is not trusted"),
    });
    expect(await check(mail(smtp, cert))).toMatchObject(accepted);
    expect(await check(mail(without, cert))).toMatchObject({
      result: "failed",
      found: expect.stringContaining("another answer than its protocol has"),
    });
  });

  it("are reached by the proxy of the sink, also where its option stands in ses", async () => {
    const ses = { region: "eu-west-1", proxy: "http://user:secret@127.0.0.1:9" };
    const email = { type: "email", from: "a@example.com", to: ["b@example.com"], ses };
    const found = await checkSink({ environment: {} } as never, "it", await sinkOf(email));
    expect(found).toMatchObject({
      result: "failed",
      found: expect.stringContaining("the proxy http://127.0.0.1:9: the host refuses connections"),
    });
    expect(JSON.stringify(found)).not.toContain("secret");
  });
});

describe("the proxies on the way", () => {
  const webhook = (name: string, more: object = {}) => ({
    type: "webhook",
    url: `https://${name}.example.com/hook`,
    ...more,
  });

  async function proxies(environment: Record<string, string>, sinks: object) {
    const loaded = await loadConfigValue({ sources: [source], sinks }, { environment, folder: "/" });
    return checkProxies({ environment } as never, loaded);
  }

  it("are named for each destination, without their passwords, and connected to", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const sinks = {
      a: webhook("a"),
      b: webhook("b", { proxy: "http://user:secret@127.0.0.1:9" }),
      c: webhook("c"),
    };
    const environment = { HTTPS_PROXY: `http://user:secret@127.0.0.1:${port}`, NO_PROXY: "c.example.com" };
    const found = await proxies(environment, sinks);
    expect(found).toEqual({
      result: "failed",
      found:
        `http://127.0.0.1:${port} for source rabbitmq/cn-north-4, sink a; ` +
        "http://127.0.0.1:9 for sink b: the host refuses connections (ECONNREFUSED); none for sink c",
      action: expect.stringContaining("HTTPS_PROXY"),
    });
    const { b: _, ...reachable } = sinks;
    expect(await proxies(environment, reachable)).toMatchObject({ result: "ok" });
  });

  it("may be none, and must be URLs of http or https", async () => {
    expect(await proxies({}, { a: webhook("a") })).toMatchObject({
      result: "ok",
      found: "none on the way to any source or sink",
    });
    expect(await proxies({ HTTPS_PROXY: "socks5://proxy:1080" }, { a: webhook("a") })).toMatchObject({
      result: "failed",
      found: expect.stringContaining("the configured proxy is not an http or https URL"),
    });
  });
});
