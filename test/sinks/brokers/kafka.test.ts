import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  Consumer,
  ResourcePatternTypes,
  ResourceTypes,
} from "@platformatic/kafka";
import type * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import * as kafkaSink from "../../../lib/sinks/kafka.ts";
import type { Sink, SinkDeps } from "../../../lib/sinks/sink.ts";
import { brokerServerContract } from "../../contract/broker-server.ts";
import { sinkContract, type Trial } from "../../contract/sink.ts";
import { type Kafka, kafkaUser, startKafka } from "../../services/kafka.ts";
import { freePort } from "../../services/server.ts";
import { running, sampleDeps, sampleEvent, sampleEvents, sinkOf } from "../sample.ts";
import { httpServer, silentServer } from "./strangers.ts";

type Options = Partial<v.InferInput<typeof kafkaSink.schema>>;

let kafka: Kafka;
beforeAll(async () => {
  kafka = await startKafka();
}, 60_000);
afterAll(() => kafka.stop());

let topics = 0;
async function newTopic(partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<string> {
  topics += 1;
  const topic = `tasks-${topics}`;
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [kafka.broker] });
  const entries = Object.entries(configs).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs: entries });
  await admin.close();
  await hasLeaders(topic);
  return topic;
}

/** Waits until each partition answers, which takes a moment after its topic was made or its broker started. */
async function hasLeaders(topic: string): Promise<void> {
  const consumer = newConsumer();
  await vi.waitFor(() => consumer.listOffsets({ topics: [topic] }), { timeout: 15_000 });
  await consumer.close();
}

const newConsumer = () =>
  new Consumer({
    clientId: "test",
    groupId: `test-${Math.random()}`,
    bootstrapBrokers: [kafka.broker],
    retryDelay: 50,
  });

function sinkTo(topic: string, options: Options = {}, deps: SinkDeps = sampleDeps): Sink {
  const sink = sinkOf(kafkaSink, { brokers: [kafka.broker], topic, ...options }, deps);
  onTestFinished(() => sink.close());
  return sink;
}

interface Arrived {
  readonly partition: number;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** All that the topic holds, read from its beginning. */
async function recordsIn(topic: string): Promise<readonly Arrived[]> {
  const consumer = newConsumer();
  try {
    const ends = (await consumer.listOffsets({ topics: [topic] })).get(topic) ?? [];
    const count = ends.reduce((sum, end) => sum + Number(end), 0);
    const records: Arrived[] = [];
    if (count === 0) return records;
    const stream = await consumer.consume({ topics: [topic], mode: "earliest", autocommit: false });
    for await (const { partition, key, value, headers } of stream) {
      const named = [...headers].map(([name, text]) => [name.toString(), text.toString()]);
      records.push({
        partition,
        key: key.toString(),
        value: value.toString(),
        headers: Object.fromEntries(named),
      });
      if (records.length === count) break;
    }
    return records;
  } finally {
    await consumer.close(true);
  }
}

const idsIn = async (topic: string): Promise<readonly string[]> =>
  (await recordsIn(topic)).map(({ value }) => JSON.parse(value).id);

const trialOf =
  (options: () => Options | Promise<Options>) =>
  async (deps: SinkDeps): Promise<Trial> => {
    const topic = await newTopic();
    return { sink: sinkTo(topic, await options(), deps), arrived: () => idsIn(topic) };
  };

const wrong = { ...kafkaUser, password: "a-wrong-password" };

sinkContract("kafka", {
  working: trialOf(() => ({})),
  failing: {
    "a topic that is not there": trialOf(() => ({ topic: "nowhere" })),
    "a server that speaks HTTP": trialOf(async () => ({ brokers: [await httpServer()] })),
    "a wrong password": trialOf(() => ({
      brokers: [kafka.saslBroker],
      sasl: { mechanism: "plain", ...wrong },
    })),
    "a refused connection": trialOf(async () => ({ brokers: [`127.0.0.1:${await freePort()}`] })),
    "a broker that never answers": trialOf(async () => ({
      brokers: [(await silentServer()).host],
      timeout: "50ms",
    })),
  },
  secrets: [kafkaUser.password, wrong.password],
});

brokerServerContract("kafka", {
  async place() {
    const topic = await newTopic();
    return { sinkTo: (options) => sinkTo(topic, options), arrived: () => idsIn(topic) };
  },
  tls: async () => ({ options: { brokers: [kafka.tlsBroker] }, ca: kafka.ca }),
  kill: () => kafka.kill(),
  async restart() {
    await kafka.restart();
    await hasLeaders(`tasks-${topics}`);
  },
});

const accepted = { kind: "accepted" };

describe("the kafka sink", () => {
  it("sends the event as it is, under its task, with its media type", async () => {
    const topic = await newTopic();
    expect(await sinkTo(topic).deliver([sampleEvent()], running())).toEqual([accepted]);
    expect(await recordsIn(topic)).toEqual([
      {
        partition: 0,
        key: "t-0001",
        value: JSON.stringify(sampleEvent()),
        headers: { "content-type": "application/cloudevents+json; charset=UTF-8" },
      },
    ]);
  });

  it("sends in mode binary the data, with the attributes in headers", async () => {
    const topic = await newTopic();
    const event = { ...sampleEvent(), subject: "绑定 %" };
    await sinkTo(topic, { mode: "binary" }).deliver([event], running());
    const { data, datacontenttype, ...attributes } = event;
    const ce = Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value]);
    expect(await recordsIn(topic)).toMatchObject([
      {
        value: JSON.stringify(data),
        headers: { "content-type": datacontenttype, ...Object.fromEntries(ce) },
      },
    ]);
  });

  it("keeps a task's events in order", async () => {
    const topic = await newTopic(5);
    const sink = sinkTo(topic);
    const steps = ["CREATED", "EXECUTING", "SUCCESS"];
    for (const status of steps) {
      const events = [1, 2, 3, 4].map((number) => sampleEvent(number, { status }));
      expect(await sink.deliver(events, running())).toEqual(events.map(() => accepted));
    }
    const records = await recordsIn(topic);
    for (const number of [1, 2, 3, 4]) {
      const own = records.filter(({ key }) => key === `t-000${number}`);
      expect(own.map(({ value }) => JSON.parse(value).data.task.status)).toEqual(steps);
      expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
    }
  });

  // Of the murmur2 hashes in the tests of Kafka itself, made positive.
  it.each([
    ["21", 1_173_551_340],
    ["foobar", 1_357_151_166],
    ["a-little-bit-long-string", 1_161_502_112],
  ])("puts the key %s on the partition that Kafka's own clients choose", async (partitionkey, hash) => {
    const topic = await newTopic(7);
    await sinkTo(topic).deliver([{ ...sampleEvent(), partitionkey }], running());
    expect(await recordsIn(topic)).toMatchObject([{ key: partitionkey, partition: hash % 7 }]);
  });

  it.each(["plain", "scram-sha-256"] as const)("signs in with %s", async (mechanism) => {
    const topic = await newTopic();
    const sink = sinkTo(topic, { brokers: [kafka.saslBroker], sasl: { mechanism, ...kafkaUser } });
    expect(await sink.deliver([sampleEvent()], running())).toEqual([accepted]);
  });

  it.each([
    ["plain", "SASL_AUTHENTICATION_FAILED"],
    ["scram-sha-256", "SASL_AUTHENTICATION_FAILED"],
    ["scram-sha-512", "UNSUPPORTED_SASL_MECHANISM, the listener takes another sasl mechanism"],
  ] as const)("is blocked where %s is refused", async (mechanism, said) => {
    const sink = sinkTo("tasks", { brokers: [kafka.saslBroker], sasl: { mechanism, ...wrong } });
    expect(await sink.deliver([sampleEvent()], running())).toMatchObject([
      { kind: "blocked", reason: "unauthorized", detail: `kafka ${kafka.saslBroker}: ${said}` },
    ]);
  });

  it("is blocked until its topic is there, and creates none", async () => {
    const sink = sinkTo("tasks-to-come");
    const results = await sink.deliver(sampleEvents(2), running());
    expect(results).toMatchObject([
      { kind: "blocked", reason: "unroutable" },
      { kind: "blocked", reason: "unroutable" },
    ]);
    const admin = new Admin({ clientId: "test", bootstrapBrokers: [kafka.broker] });
    expect(await admin.listTopics()).not.toContain("tasks-to-come");
    await admin.createTopics({ topics: ["tasks-to-come"], partitions: 1, replicas: 1 });
    await admin.close();
    await hasLeaders("tasks-to-come");
    expect(await sink.deliver(sampleEvents(1), running())).toEqual([accepted]);
  });

  it("is blocked where its user may not write to the topic, until he may", async () => {
    const topic = await newTopic();
    const admin = new Admin({ clientId: "test", bootstrapBrokers: [kafka.broker] });
    const allow = (user: string) =>
      admin.createAcls({
        creations: [
          {
            resourceType: ResourceTypes.TOPIC,
            resourceName: topic,
            resourcePatternType: ResourcePatternTypes.LITERAL,
            principal: `User:${user}`,
            host: "*",
            operation: AclOperations.WRITE,
            permissionType: AclPermissionTypes.ALLOW,
          },
        ],
      });
    await allow("someone-else");
    const sasl = { mechanism: "plain", ...kafkaUser } as const;
    const sink = sinkTo(topic, { brokers: [kafka.saslBroker], sasl });
    const refused = {
      kind: "blocked",
      reason: "unauthorized",
      detail: expect.stringMatching(/may not write/),
    };
    await vi.waitFor(async () =>
      expect(await sink.deliver(sampleEvents(2), running())).toMatchObject([refused, refused]),
    );
    await allow(kafkaUser.username);
    await admin.close();
    await vi.waitFor(async () => expect(await sink.deliver(sampleEvents(1), running())).toEqual([accepted]), {
      timeout: 10_000,
    });
  });

  it("gives up on the one event that is too large, and lets those beside it pass", async () => {
    const topic = await newTopic(1, { "max.message.bytes": "2000" });
    const events = [sampleEvent(1), sampleEvent(2, { params: { text: "x".repeat(3_000) } }), sampleEvent(3)];
    expect(await sinkTo(topic).deliver(events, running())).toMatchObject([
      accepted,
      { kind: "permanent", reason: "too_large", detail: `kafka ${kafka.broker}: MESSAGE_TOO_LARGE` },
      accepted,
    ]);
    expect(await idsIn(topic)).toEqual([events[0]?.id, events[2]?.id]);
  });

  it("fits a batch to a topic that takes less at once", async () => {
    const topic = await newTopic(1, { "max.message.bytes": "6000" });
    const events = sampleEvents(40);
    expect(await sinkTo(topic).deliver(events, running())).toEqual(events.map(() => accepted));
    expect(await idsIn(topic)).toEqual(events.map(({ id }) => id));
  });

  it("judges the partitions apart", async () => {
    const topic = await newTopic(5, { "max.message.bytes": "20000" });
    const sink = sinkTo(topic);
    const small = sampleEvents(10);
    expect(await sink.deliver(small, running())).toEqual(small.map(() => accepted));
    const events = small.with(4, sampleEvent(5, { params: { text: "x".repeat(30_000) } }));
    const results = await sink.deliver(events, running());
    expect(results.map(({ kind }) => kind)).toEqual(
      small.map((_, n) => (n === 4 ? "permanent" : "accepted")),
    );
    expect((await idsIn(topic)).toSorted()).toEqual(
      [...small, ...small.toSpliced(4, 1)].map(({ id }) => id).toSorted(),
    );
  });
});
