import { rm } from "node:fs/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection, nkeys } from "@nats-io/transport-node";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import * as natsSink from "../../../lib/sinks/nats.ts";
import type { Sink, SinkDeps } from "../../../lib/sinks/sink.ts";
import { brokerServerContract } from "../../contract/broker-server.ts";
import { sinkContract, type Trial } from "../../contract/sink.ts";
import { makeCertificate } from "../../services/certificate.ts";
import { type Nats, startNats } from "../../services/nats.ts";
import { operatorMode } from "../../services/nats-operator.ts";
import { freePort, serverFolder } from "../../services/server.ts";
import { running, sampleDeps, sampleEvent, sampleEvents, sinkOf } from "../sample.ts";
import { httpServer, silentServer } from "./strangers.ts";

type Options = Partial<v.InferInput<typeof natsSink.schema>>;

const password = "a-password-that-nobody-may-see";
const pair = nkeys.createUser();
const nkey = new TextDecoder().decode(pair.getSeed());
const config = `
max_payload: 65536
no_auth_user: anyone
authorization { users: [
  { user: anyone, password: "${password}" }
  { user: narrow, password: "${password}", permissions: { publish: "elsewhere.>" } }
  { nkey: ${pair.getPublicKey()} }
] }
`;

let nats: Nats;
let admin: NatsConnection;
beforeAll(async () => {
  nats = await startNats(config);
  admin = await connect({ servers: nats.address });
});
afterAll(async () => {
  await admin.close();
  await nats.stop();
});

let streams = 0;
/** A stream of its own for the subjects below its name. */
async function newStream(limits: { readonly max_msg_size?: number } = {}): Promise<string> {
  streams += 1;
  const name = `s${streams}`;
  const manager = await jetstreamManager(admin);
  await manager.streams.add({ name, subjects: [`${name}.>`], ...limits });
  return name;
}

function sinkTo(stream: string, options: Options = {}, deps: SinkDeps = sampleDeps): Sink {
  const subject = `${stream}.{engine}.{instance}.{status}`;
  const sink = sinkOf(natsSink, { servers: [nats.address], subject, ...options }, deps);
  onTestFinished(() => sink.close());
  return sink;
}

async function messagesIn(stream: string, by: NatsConnection = admin) {
  const manager = await jetstreamManager(by);
  const { state } = await manager.streams.info(stream);
  const numbers = Array.from({ length: state.messages }, (_, index) => state.first_seq + index);
  const found = await Promise.all(numbers.map((seq) => manager.streams.getMessage(stream, { seq })));
  return found.flatMap((message) => message ?? []);
}

const idsIn = async (stream: string, by?: NatsConnection): Promise<readonly string[]> =>
  (await messagesIn(stream, by)).map((message) => message.json<{ id: string }>().id);

const trialOf =
  (options: () => Options | Promise<Options>) =>
  async (deps: SinkDeps): Promise<Trial> => {
    const stream = await newStream();
    return { sink: sinkTo(stream, await options(), deps), arrived: () => idsIn(stream) };
  };

sinkContract("nats", {
  working: trialOf(() => ({})),
  failing: {
    "a subject without a stream": trialOf(() => ({ subject: "nowhere.{task}" })),
    "a server that speaks HTTP": trialOf(async () => ({ servers: [await httpServer()] })),
    "a wrong password": trialOf(() => ({ user: "anyone", password: "a-wrong-password" })),
    "a wrong token": trialOf(() => ({ token: "a-wrong-token" })),
    "a subject that is not allowed": trialOf(() => ({ user: "narrow", password })),
    "a refused connection": trialOf(async () => ({ servers: [`127.0.0.1:${await freePort()}`] })),
    "a server that never answers": trialOf(async () => ({
      servers: [(await silentServer()).host],
      timeout: "50ms",
    })),
    "TLS that the server does not offer": trialOf(() => ({ tls: {} })),
  },
  secrets: [password, nkey, "a-wrong-password", "a-wrong-token"],
});

brokerServerContract("nats", {
  async place() {
    const stream = await newStream();
    return { sinkTo: (options) => sinkTo(stream, options), arrived: () => idsIn(stream) };
  },
  kill: () => nats.kill(),
  async restart() {
    await nats.restart();
    await admin.close();
    admin = await connect({ servers: nats.address });
  },
  keepsOnce: true,
});

const accepted = { kind: "accepted" };

describe("the nats sink", () => {
  it("publishes the event as it is, under its subject, with its id and media type", async () => {
    const stream = await newStream();
    expect(await sinkTo(stream).deliver([sampleEvent()], running())).toEqual([accepted]);
    const [message, ...rest] = await messagesIn(stream);
    expect(rest).toEqual([]);
    expect(message?.subject).toBe(`${stream}.rabbitmq.i-0001.SUCCESS`);
    expect(message?.string()).toBe(JSON.stringify(sampleEvent()));
    expect(message?.header.get("Nats-Msg-Id")).toBe(sampleEvent().id);
    expect(message?.header.get("Content-Type")).toBe("application/cloudevents+json");
  });

  it("keeps a task's events in order", async () => {
    const stream = await newStream();
    const sink = sinkTo(stream);
    const steps = ["CREATED", "EXECUTING", "SUCCESS"].map((status, n) => ({
      ...sampleEvent(1, { status }),
      id: `${sampleEvent().id}${n}` as ReturnType<typeof sampleEvent>["id"],
    }));
    for (const step of steps)
      expect(await sink.deliver([step, sampleEvent(2)], running())).toEqual([accepted, accepted]);
    const own = (await messagesIn(stream)).map((message) => message.json<ReturnType<typeof sampleEvent>>());
    expect(own.filter(({ subject }) => subject === "t-0001")).toEqual(steps);
  });

  it("has a repeat accepted, which the stream keeps out", async () => {
    const stream = await newStream();
    await sinkTo(stream).deliver(sampleEvents(2), running());
    expect(await sinkTo(stream).deliver(sampleEvents(3), running())).toEqual([accepted, accepted, accepted]);
    expect(await idsIn(stream)).toEqual(sampleEvents(3).map(({ id }) => id));
  });

  it("is blocked until a stream listens", async () => {
    const sink = sinkTo("late");
    expect(await sink.deliver([sampleEvent()], running())).toEqual([
      {
        kind: "blocked",
        reason: "unroutable",
        detail: `nats ${nats.address}: no stream of JetStream listens on the subject`,
      },
    ]);
    const manager = await jetstreamManager(admin);
    await manager.streams.add({ name: "late", subjects: ["late.>"] });
    expect(await sink.deliver([sampleEvent()], running())).toEqual([accepted]);
  });

  it.each([
    ["a wrong password", { user: "anyone", password: "wrong" }, /the login is refused$/],
    [
      "a foreign nkey",
      { nkey: new TextDecoder().decode(nkeys.createUser().getSeed()) },
      /the login is refused$/,
    ],
    ["a broken nkey", { nkey: `SU${"A".repeat(56)}` }, /the seed of the nkey is none$/],
    [
      "a subject that is not allowed",
      { user: "narrow", password },
      /publishing to the subject is not allowed$/,
    ],
  ])("is blocked by %s", async (_, options, detail) => {
    const stream = await newStream();
    expect(await sinkTo(stream, options).deliver(sampleEvents(2), running())).toMatchObject([
      { kind: "blocked", reason: "unauthorized", detail: expect.stringMatching(detail) },
      { kind: "blocked", reason: "unauthorized", detail: expect.stringMatching(detail) },
    ]);
  });

  it("signs in with an nkey", async () => {
    const stream = await newStream();
    expect(await sinkTo(stream, { nkey }).deliver([sampleEvent()], running())).toEqual([accepted]);
  });

  it("signs in with a token", async () => {
    const server = await startNats(`authorization { token: "a-token" }`);
    onTestFinished(() => server.stop());
    const by = await connect({ servers: server.address, token: "a-token" });
    onTestFinished(() => by.close());
    const manager = await jetstreamManager(by);
    await manager.streams.add({ name: "tasks", subjects: ["tasks.>"] });
    const sink = sinkTo("tasks", { servers: [server.address], token: "a-token" });
    expect(await sink.deliver([sampleEvent()], running())).toEqual([accepted]);
  });

  it("signs in with credentials", async () => {
    const { config, credentials, foreign } = operatorMode();
    const server = await startNats(config);
    onTestFinished(() => server.stop());
    const delivered = (text: string) =>
      sinkTo("nowhere", { servers: [server.address], credentials: text }).deliver([sampleEvent()], running());
    // The login has passed; that there is no stream is another matter.
    expect(await delivered(credentials)).toMatchObject([{ kind: "blocked", reason: "unroutable" }]);
    expect(await delivered(foreign)).toMatchObject([{ kind: "blocked", reason: "unauthorized" }]);
  });

  it("speaks TLS with a server whose authority it is told", async () => {
    const folder = await serverFolder("certificate");
    onTestFinished(() => rm(folder, { recursive: true }));
    const { certFile, keyFile, cert: ca } = await makeCertificate(folder, "DNS:localhost");
    const server = await startNats(`tls { cert_file: "${certFile}", key_file: "${keyFile}" }`);
    onTestFinished(() => server.stop());
    const byName = server.address.replace("127.0.0.1", "localhost");
    const delivered = (address: string, tls: Options["tls"]) =>
      sinkTo("nowhere", { servers: [address], tls }).deliver([sampleEvent()], running());
    // The server is reached; that it has no stream is another matter.
    expect(await delivered(byName, { ca })).toMatchObject([{ reason: "unroutable" }]);
    expect(await delivered(byName, {})).toMatchObject([
      { kind: "retry", reason: "network", detail: expect.stringContaining("certificate is not trusted") },
    ]);
    expect(await delivered(server.address, { ca })).toMatchObject([
      {
        kind: "retry",
        reason: "network",
        detail: expect.stringContaining("certificate is for another host"),
      },
    ]);
    expect(await delivered(server.address, { ca, verifyHost: false })).toMatchObject([
      { reason: "unroutable" },
    ]);
  });

  it.each([
    ["the server", {}, 70_000, /larger than the server takes$/],
    ["the stream", { max_msg_size: 3_000 }, 5_000, /larger than the stream takes \(JetStream error 10054\)$/],
  ])(
    "gives up on an event that is too large for %s, and lets those beside it pass",
    async (_, limits, size, detail) => {
      const stream = await newStream(limits);
      const events = [sampleEvent(1), sampleEvent(2, { params: { text: "x".repeat(size) } }), sampleEvent(3)];
      expect(await sinkTo(stream).deliver(events, running())).toMatchObject([
        accepted,
        { kind: "permanent", reason: "too_large", detail: expect.stringMatching(detail) },
        accepted,
      ]);
      expect(await idsIn(stream)).toEqual([events[0]?.id, events[2]?.id]);
    },
  );

  it("connects anew at once where its connection died between two runs", async () => {
    const server = await startNats();
    onTestFinished(() => server.stop());
    const by = await connect({ servers: server.address, reconnect: false });
    const manager = await jetstreamManager(by);
    await manager.streams.add({ name: "tasks", subjects: ["tasks.>"] });
    const sink = sinkTo("tasks", { servers: [server.address] });
    await sink.deliver([sampleEvent(1)], running());
    await server.kill();
    await by.closed();
    await server.restart();
    expect(await sink.deliver([sampleEvent(2)], running())).toEqual([accepted]);
  });
});

describe("the options of the nats sink", () => {
  const parse = (options: Options) => v.safeParse(natsSink.schema, { servers: ["nats-1:4222"], ...options });

  it("take one login", () => {
    expect(parse({}).success).toBe(true);
    expect(parse({ user: "u", password: "p" }).success).toBe(true);
    for (const options of [
      { user: "u" },
      { password: "p" },
      { user: "u", password: "p", token: "t" },
      { nkey, token: "t" },
    ])
      expect(parse(options).issues).toMatchObject([{ message: expect.stringContaining("one login") }]);
  });

  it.each(["", "dms..x", "dms.*", "dms.>", "dms tasks", "{nobody}", ".dms"])(
    "take no subject %j",
    (subject) => {
      expect(parse({ subject }).success).toBe(false);
    },
  );
});
