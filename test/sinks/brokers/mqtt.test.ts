import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { connectAsync, type IPublishPacket, type MqttClient } from "mqtt";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import * as mqttSink from "../../../lib/sinks/mqtt.ts";
import type { Sink, SinkDeps } from "../../../lib/sinks/sink.ts";
import { sinkContract, type Trial } from "../../contract/sink.ts";
import { listening } from "../../harness/servers.ts";
import { makeCertificate } from "../../services/certificate.ts";
import { type Mosquitto, startMosquitto } from "../../services/mosquitto.ts";
import { freePort, serverFolder } from "../../services/server.ts";
import { running, sampleDeps, sampleEvent, sampleEvents, sinkOf } from "../sample.ts";
import { httpServer, silentServer } from "./strangers.ts";

type Options = Partial<v.InferInput<typeof mqttSink.schema>>;

const login = { user: "bridge", password: "a-password-that-nobody-may-see" };

let mosquitto: Mosquitto;
beforeAll(async () => {
  mosquitto = await startMosquitto({
    users: { [login.user]: login.password },
    acl: [`user ${login.user}`, "topic readwrite open/#"],
    // Room in the queues for a test's subscriber, and a limit for a packet.
    config: ["max_inflight_messages 5", "max_packet_size 20000"],
  });
});
afterAll(() => mosquitto.stop());

let trials = 0;
const newTopic = (): string => {
  trials += 1;
  return `open/${trials}`;
};

function sinkTo(topic: string, options: Options = {}, deps: SinkDeps = sampleDeps): Sink {
  const settings = {
    url: mosquitto.url,
    topic: `${topic}/{engine}/{instance}/{status}`,
    ...login,
    ...options,
  };
  // Two clients of one name would put each other out.
  const sink = sinkOf(mqttSink, settings, { ...deps, random: Math.random });
  onTestFinished(() => sink.close());
  return sink;
}

interface Subscriber {
  /** All that has arrived by now. */
  arrived(): Promise<readonly IPublishPacket[]>;
}

async function subscriber(topic: string, { url }: { readonly url: string } = mosquitto): Promise<Subscriber> {
  const client: MqttClient = await connectAsync(url, {
    protocolVersion: 5,
    username: login.user,
    password: login.password,
  });
  onTestFinished(() => client.endAsync(true));
  const packets: IPublishPacket[] = [];
  client.on("message", (_, __, packet) => packets.push(packet));
  await client.subscribeAsync(`${topic}/#`, { qos: 1 });
  return {
    async arrived() {
      // The broker keeps order, so its own message comes after all that was there before.
      await new Promise<void>((resolve) => {
        client.on("message", (name) => name === `${topic}/end` && resolve());
        client.publish(`${topic}/end`, "", { qos: 1 });
      });
      return packets.filter((packet) => packet.topic !== `${topic}/end`);
    },
  };
}

const idOf = ({ payload }: IPublishPacket): string => JSON.parse(payload.toString()).id;

const trialOf =
  (options: () => Options | Promise<Options>) =>
  async (deps: SinkDeps): Promise<Trial> => {
    const topic = newTopic();
    const { arrived } = await subscriber(topic);
    return {
      sink: sinkTo(topic, await options(), deps),
      arrived: async () => (await arrived()).map(idOf),
    };
  };

const wrong = "a-wrong-password";

sinkContract("mqtt", {
  working: trialOf(() => ({})),
  failing: {
    "a server that speaks HTTP": trialOf(async () => ({ url: `mqtt://${await httpServer()}` })),
    "a wrong password": trialOf(() => ({ password: wrong })),
    "a topic that is not allowed": trialOf(() => ({ topic: "closed/{status}" })),
    "a refused connection": trialOf(async () => ({ url: `mqtt://127.0.0.1:${await freePort()}` })),
    "a broker that never answers": trialOf(async () => ({
      url: `mqtt://${(await silentServer()).host}`,
      timeout: "50ms",
    })),
    "a broker without TLS": trialOf(() => ({ url: mosquitto.url.replace("mqtt:", "mqtts:") })),
  },
  secrets: [login.password, wrong],
});

const accepted = { kind: "accepted" };

describe("the mqtt sink", () => {
  it("publishes the event as it is, to its topic, with its media type", async () => {
    const topic = newTopic();
    const { arrived } = await subscriber(topic);
    expect(await sinkTo(topic).deliver([sampleEvent()], running())).toEqual([accepted]);
    const [packet, ...rest] = await arrived();
    expect(rest).toEqual([]);
    expect(packet).toMatchObject({
      topic: `${topic}/rabbitmq/i-0001/SUCCESS`,
      qos: 1,
      retain: false,
      properties: { contentType: "application/cloudevents+json; charset=utf-8" },
    });
    expect(packet?.payload.toString()).toBe(JSON.stringify(sampleEvent()));
  });

  it("keeps a task's events in order, and has no more under way than the broker wants", async () => {
    const topic = newTopic();
    const { arrived } = await subscriber(topic);
    const sink = sinkTo(topic);
    for (const status of ["CREATED", "EXECUTING", "SUCCESS"]) {
      const events = sampleEvents(20).map((event, n) => ({ ...event, ...sampleEvent(n + 1, { status }) }));
      expect(await sink.deliver(events, running())).toEqual(events.map(() => accepted));
    }
    const events = (await arrived()).map(({ payload }) => JSON.parse(payload.toString()));
    expect(events).toHaveLength(60);
    const own = events.filter(({ subject }) => subject === "t-0007");
    expect(own.map(({ data }) => data.task.status)).toEqual(["CREATED", "EXECUTING", "SUCCESS"]);
  });

  it("is accepted where nobody listens", async () => {
    expect(await sinkTo(newTopic()).deliver([sampleEvent()], running())).toEqual([accepted]);
  });

  it.each([
    ["a wrong password", { password: wrong }],
    ["no login", { user: undefined, password: undefined }],
    ["a topic that is not allowed", { topic: "closed/{status}" }],
  ])("is blocked by %s", async (_, options) => {
    expect(await sinkTo(newTopic(), options).deliver(sampleEvents(2), running())).toEqual(
      sampleEvents(2).map(() => ({
        kind: "blocked",
        reason: "unauthorized",
        detail: `${mosquitto.url}: MQTT reason code 0x87`,
      })),
    );
  });

  it("speaks TLS with a broker whose authority it is told", async () => {
    const folder = await serverFolder("certificate");
    onTestFinished(() => rm(folder, { recursive: true }));
    const { certFile, keyFile, cert: ca } = await makeCertificate(folder, "DNS:localhost");
    const broker = await startMosquitto({ config: [`certfile ${certFile}`, `keyfile ${keyFile}`] });
    onTestFinished(() => broker.stop());
    const byAddress = broker.url.replace("mqtt:", "mqtts:");
    const byName = byAddress.replace("127.0.0.1", "localhost");
    const delivered = (url: string, tls?: Options["tls"]) =>
      sinkTo("open", { url, tls }).deliver([sampleEvent()], running());
    expect(await delivered(byName, { ca })).toEqual([accepted]);
    expect(await delivered(byName)).toMatchObject([
      { kind: "retry", reason: "network", detail: expect.stringContaining("certificate is not trusted") },
    ]);
    expect(await delivered(byAddress, { ca })).toMatchObject([
      {
        kind: "retry",
        reason: "network",
        detail: expect.stringContaining("certificate is for another host"),
      },
    ]);
    expect(await delivered(byAddress, { ca, verifyHost: false })).toEqual([accepted]);
  });

  it("gives up on an event that is too large, and lets those beside it pass", async () => {
    const topic = newTopic();
    const { arrived } = await subscriber(topic);
    const events = [sampleEvent(1), sampleEvent(2, { params: { text: "x".repeat(20_000) } }), sampleEvent(3)];
    expect(await sinkTo(topic).deliver(events, running())).toMatchObject([
      accepted,
      { kind: "permanent", reason: "too_large" },
      accepted,
    ]);
    expect((await arrived()).map(idOf)).toEqual([events[0]?.id, events[2]?.id]);
  });

  it("gives up the event that Mosquitto finds too large, and no other", async () => {
    const broker = await startMosquitto({ config: ["message_size_limit 3000"] });
    onTestFinished(() => broker.stop());
    const sink = sinkTo("open", { url: broker.url });
    const events = [sampleEvent(1), sampleEvent(2), sampleEvent(3, { params: { text: "x".repeat(3_000) } })];
    expect(await sink.deliver(events, running())).toMatchObject([
      accepted,
      accepted,
      { kind: "retry", reason: "rejected" },
    ]);
    expect(await sink.deliver([sampleEvent(4), ...events.slice(2), sampleEvent(5)], running())).toMatchObject(
      [accepted, { kind: "permanent", reason: "rejected" }, { kind: "retry", reason: "network" }],
    );
    expect(await sink.deliver([sampleEvent(5), sampleEvent(6)], running())).toEqual([accepted, accepted]);
  });

  it("takes one event at a time where the broker ends the connection over one of several", async () => {
    const connected = Buffer.from([0x20, 3, 0, 0, 0]);
    const packetTooLarge = Buffer.from([0xe0, 2, 0x95, 0]);
    const broker = createServer((socket) => {
      socket.once("data", () => {
        socket.write(connected);
        socket.once("data", () => socket.end(packetTooLarge));
      });
    });
    const sink = sinkTo("open", { url: `mqtt://${(await listening(broker)).host}` });
    const together = await sink.deliver(sampleEvents(2), running());
    expect(together).toMatchObject([
      { kind: "retry", reason: "too_large" },
      { kind: "retry", reason: "too_large" },
    ]);
    expect(await sink.deliver(sampleEvents(2), running())).toMatchObject([
      { kind: "permanent", reason: "too_large", detail: expect.stringMatching(/MQTT reason code 0x95$/) },
      { kind: "retry", reason: "network" },
    ]);
  });

  it("delivers after the broker was killed in the midst of it and came back", async () => {
    const broker = await startMosquitto();
    onTestFinished(() => broker.stop());
    const sink = sinkTo("open", { url: broker.url });
    expect(await sink.deliver([sampleEvent(1)], running())).toEqual([accepted]);
    const delivery = sink.deliver(sampleEvents(50), running());
    await broker.kill();
    const results = await delivery;
    expect(results).toHaveLength(50);
    for (const { kind } of results) expect(kind).toMatch(/^(accepted|retry)$/);
    expect(await sink.deliver([sampleEvent(1)], running())).toMatchObject([
      { kind: "retry", reason: "network" },
    ]);
    await broker.restart();
    const { arrived } = await subscriber("open", broker);
    expect(await sink.deliver(sampleEvents(50), running())).toEqual(sampleEvents(50).map(() => accepted));
    expect((await arrived()).map(idOf)).toEqual(sampleEvents(50).map(({ id }) => id));
  });

  it("connects anew at once where its connection died between two runs", async () => {
    const broker = await startMosquitto();
    onTestFinished(() => broker.stop());
    const witness = await connectAsync(broker.url, { reconnectPeriod: 0 });
    const sink = sinkTo("open", { url: broker.url });
    await sink.deliver([sampleEvent(1)], running());
    const gone = new Promise<void>((resolve) => witness.once("close", () => resolve()));
    await broker.kill();
    await gone;
    await broker.restart();
    expect(await sink.deliver([sampleEvent(2)], running())).toEqual([accepted]);
  });
});

describe("the options of the mqtt sink", () => {
  const parse = (options: Options) => v.safeParse(mqttSink.schema, { url: "mqtts://broker", ...options });

  it.each(["http://broker", "mqtt://user:password@broker", "mqtt://broker/path", "broker:1883"])(
    "take no URL %s",
    (url) => {
      expect(parse({ url }).success).toBe(false);
    },
  );

  it.each(["", "dms/+", "dms/#", "$SYS/x", "{nobody}"])("take no topic %j", (topic) => {
    expect(parse({ topic }).success).toBe(false);
  });

  it("take TLS for an mqtts URL only", () => {
    expect(parse({ tls: {} }).success).toBe(true);
    expect(parse({ url: "mqtt://broker", tls: {} }).issues).toMatchObject([
      { message: "an mqtts URL where tls is set" },
    ]);
  });
});
