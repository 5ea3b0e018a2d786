import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import * as v from "valibot";
import { onTestFinished } from "vitest";
import type { CloudEvent } from "../../lib/change/event.ts";
import { systemClock } from "../../lib/core/clock.ts";
import { sinkName } from "../../lib/core/names.ts";
import { type ReceiverOptions, startReceiver } from "../../lib/simulator/receiver.ts";
import { lineSink } from "../../lib/sinks/console.ts";
import * as custom from "../../lib/sinks/custom.ts";
import * as file from "../../lib/sinks/file.ts";
import { httpSink } from "../../lib/sinks/http/http-sink.ts";
import type { SinkType } from "../../lib/sinks/index.ts";
import type { SinkDeps } from "../../lib/sinks/sink.ts";
import * as webhook from "../../lib/sinks/webhook.ts";
import { proxyContract } from "../contract/proxy.ts";
import { serviceSetup } from "../contract/service.ts";
import { type Setup, sinkContract, type Trial } from "../contract/sink.ts";
import { receiving } from "../harness/api.ts";
import { sqsFifoService } from "./aws/services.ts";
import { chatSetups, digestSetups } from "./chat/setup.ts";
import { sesService, smtpSetup } from "./mail/service.ts";
import { mapValues, services } from "./services.ts";

const name = sinkName("trial");
const header = "Bearer a-token-that-nobody-may-see";
const query = "query-value-that-nobody-may-see";
const secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const webhookAt = (deps: SinkDeps, url: string, options: object = {}) =>
  webhook.create(
    name,
    v.parse(webhook.schema, {
      url: `${url}?key=${query}`,
      secret,
      headers: { authorization: header },
      allowPrivateNetwork: true,
      ...options,
    }),
    deps,
  );

type SinkAt = typeof webhookAt;

const key = "plain-words-that-nobody-may-see";

/** A custom sink over HTTP, which signs nothing. */
const httpSinkAt: SinkAt = (deps, url, options = {}) => {
  const module = httpSink({
    url: `${url}?key=${query}`,
    request: (event) => ({
      headers: { "Content-Type": "application/cloudevents+json", "X-Key": key },
      body: event,
    }),
  });
  const given = { module, headers: { authorization: header }, allowPrivateNetwork: true, ...options };
  return custom.create(name, v.parse(custom.schema, given), deps);
};

const hook =
  (at: SinkAt, receiverOptions: ReceiverOptions, options: object) =>
  async (deps: SinkDeps): Promise<Trial> => {
    const signature = at === webhookAt ? { secret } : {};
    const receiver = await receiving({ ...signature, clock: deps.clock, ...receiverOptions });
    return {
      sink: at(deps, receiver.url, options),
      arrived: () => receiver.events().map(({ id }) => id),
    };
  };

const nothing = async () => [];

const webhookSetup = (options: object, at: SinkAt = webhookAt): Setup => ({
  working: hook(at, {}, options),
  failing: {
    throttling: hook(at, { respond: () => ({ status: 429, headers: { "retry-after": "1" } }) }, options),
    "an authorization that is refused": hook(at, { respond: () => ({ status: 401 }) }, options),
    "an event too large": hook(at, { respond: () => ({ status: 413 }) }, options),
    "an error that repeats the request": hook(
      at,
      {
        respond: (_, { headers, body }) => ({
          status: 400,
          headers: { "content-type": "application/json" },
          body: JSON.stringify({
            error: `${headers.authorization} ${headers["x-key"]} ${query} ${secret} ${body}\r\n\u001b[2J`,
          }),
        }),
      },
      options,
    ),
    "a receiver that never answers": hook(
      at,
      { respond: () => ({ hang: true }) },
      { timeout: "50ms", ...options },
    ),
    "a broken connection": hook(at, { respond: () => ({ reset: true }) }, options),
    "a redirect": hook(
      at,
      { respond: () => ({ status: 307, headers: { location: `http://127.0.0.1:1/${query}` } }) },
      options,
    ),
    "a refused connection": async (deps) => {
      const receiver = await startReceiver();
      await receiver.close();
      return { sink: at(deps, receiver.url, options), arrived: nothing };
    },
    "an address that is not open": async (deps) => ({
      sink: at(deps, "https://10.1.2.3/hook", { allowPrivateNetwork: false, ...options }),
      arrived: nothing,
    }),
  },
  secrets: [header, key, query, secret],
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "sink-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

const fileTrial = (path: string, deps: SinkDeps): Trial => ({
  sink: file.create(name, { path }, { ...deps, clock: systemClock }),
  arrived: async () => idsOf(await readFile(path, "utf8")),
});

const idsOf = (lines: string): readonly string[] =>
  lines
    .trimEnd()
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as CloudEvent).id);

/** Those that need a server stand in brokers/, a file each, for where the server is missing. */
type Broker = Extract<SinkType, "rabbitmq" | "kafka" | "nats" | "redis" | "mqtt">;

const setups: Readonly<Record<Exclude<SinkType, Broker>, Setup>> = {
  webhook: webhookSetup({}),
  ...chatSetups,
  ...mapValues(services, serviceSetup),
  email: smtpSetup,
  file: {
    working: async (deps) => fileTrial(join(await folder(), "events.ndjson"), deps),
    failing: {
      "a path below a file": async (deps) => {
        const path = join(await folder(), "file");
        await writeFile(path, "");
        return fileTrial(join(path, "events.ndjson"), deps);
      },
      "a path that is a folder": async (deps) => fileTrial(await folder(), deps),
    },
    secrets: [tmpdir()],
  },
  console: {
    working: async () => {
      const output = new PassThrough();
      const written: string[] = [];
      output.setEncoding("utf8").on("data", (text: string) => written.push(text));
      return { sink: lineSink(name, { format: "json" }, output), arrived: () => idsOf(written.join("")) };
    },
    failing: {
      "a closed output": async () => {
        const output = new PassThrough();
        output.destroy();
        return { sink: lineSink(name, { format: "text" }, output), arrived: nothing };
      },
    },
    secrets: [],
  },
  custom: {
    working: async (deps) => {
      const ids: string[] = [];
      const module = custom.defineSink({
        async deliver(events) {
          ids.push(...events.map(({ id }) => id));
          return events.map(() => ({ kind: "accepted" }));
        },
      });
      return { sink: custom.create(name, v.parse(custom.schema, { module }), deps), arrived: () => ids };
    },
    failing: {},
    secrets: [],
  },
};

for (const [type, setup] of Object.entries(setups)) sinkContract(type, setup);
const withoutHttp = new Set(["email", "file", "console", "custom"]);
for (const [type, setup] of Object.entries(setups)) if (!withoutHttp.has(type)) proxyContract(type, setup);
sinkContract("custom over HTTP", webhookSetup({}, httpSinkAt));
proxyContract("custom over HTTP", webhookSetup({}, httpSinkAt));
sinkContract("webhook in mode binary", webhookSetup({ mode: "binary" }));
sinkContract("webhook in mode batch", webhookSetup({ mode: "batch" }));
sinkContract(
  "webhook with a body of its own",
  webhookSetup({ body: "{{ event | json }}", contentType: "application/cloudevents+json" }),
);
sinkContract("sqs with FIFO", serviceSetup(sqsFifoService));
sinkContract("email by SES", serviceSetup(sesService));
proxyContract("email by SES", serviceSetup(sesService));
for (const [type, setup] of digestSetups) sinkContract(type, setup);
