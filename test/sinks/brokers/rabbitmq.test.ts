import { type Channel, type ChannelModel, connect, type GetMessage } from "amqplib";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import * as rabbitMqSink from "../../../lib/sinks/rabbitmq.ts";
import type { Sink, SinkDeps } from "../../../lib/sinks/sink.ts";
import { brokerServerContract } from "../../contract/broker-server.ts";
import { sinkContract, type Trial } from "../../contract/sink.ts";
import { type RabbitMq, startRabbitMq } from "../../services/rabbitmq.ts";
import { freePort } from "../../services/server.ts";
import { running, sampleDeps, sampleEvent, sampleEvents, sinkOf } from "../sample.ts";
import { silentServer } from "./strangers.ts";
import { tlsFront } from "./tls-front.ts";

type Options = Partial<v.InferInput<typeof rabbitMqSink.schema>>;

const maxBytes = 100_000;
const bridge = { user: "bridge", password: "a-password-that-nobody-may-see" } as const;

let rabbit: RabbitMq;
beforeAll(async () => {
  rabbit = await startRabbitMq(`max_message_size = ${maxBytes}\n`);
  await rabbit.ctl("add_user", bridge.user, bridge.password);
  // Writes to these and to nothing else; may neither declare nor read.
  await rabbit.ctl("set_permissions", bridge.user, "", "^(amq\\.default|amq\\.topic|nowhere)$", "");
}, 120_000);
afterAll(() => rabbit.stop());

/** As the owner of the queues, who is not the sink. */
async function asAdmin<Result>(
  work: (channel: Channel, connection: ChannelModel) => Promise<Result>,
): Promise<Result> {
  const connection = await connect(rabbit.adminUrl);
  try {
    return await work(await connection.createChannel(), connection);
  } finally {
    await connection.close();
  }
}

let queues = 0;
async function newQueue(args: Readonly<Record<string, unknown>> = {}): Promise<string> {
  queues += 1;
  const queue = `tasks-${queues}`;
  await asAdmin((channel) => channel.assertQueue(queue, { durable: true, arguments: args }));
  return queue;
}

const messagesIn = (queue: string): Promise<readonly GetMessage[]> =>
  asAdmin(async (channel) => {
    const messages: GetMessage[] = [];
    for (;;) {
      const message = await channel.get(queue, { noAck: false });
      if (message === false) return messages;
      messages.push(message);
    }
  });

const idsIn = async (queue: string): Promise<readonly string[]> =>
  (await messagesIn(queue)).map(({ content }) => JSON.parse(content.toString()).id);

function sinkTo(queue: string, options: Options = {}, deps: SinkDeps = sampleDeps): Sink {
  const url = `amqp://${bridge.user}:${bridge.password}@${rabbit.host}`;
  const written = { url, exchange: "", routingKey: queue, ...options };
  const sink = sinkOf(rabbitMqSink, written, deps);
  onTestFinished(() => sink.close());
  return sink;
}

const trialOf =
  (options: () => Options | Promise<Options>) =>
  async (deps: SinkDeps): Promise<Trial> => {
    const queue = await newQueue();
    return { sink: sinkTo(queue, await options(), deps), arrived: () => idsIn(queue) };
  };

const wrongPassword = "a-wrong-password";
const secretHost = "a-virtual-host-in-the-path";
const at = (host: string): string => `amqp://${bridge.user}:${bridge.password}@${host}/${secretHost}`;

sinkContract("rabbitmq", {
  working: trialOf(() => ({})),
  failing: {
    "an exchange that is not there": trialOf(() => ({ exchange: "nowhere" })),
    "an exchange that the user may not write to": trialOf(() => ({ exchange: "amq.direct" })),
    "no queue for the routing key": trialOf(() => ({ exchange: "amq.topic" })),
    "a wrong password": trialOf(() => ({ password: wrongPassword })),
    "a virtual host that is not there": trialOf(() => ({ url: at(rabbit.host) })),
    "a refused connection": trialOf(async () => ({ url: at(`127.0.0.1:${await freePort()}`) })),
    "a server that does not speak TLS": trialOf(() => ({ url: `amqps://${rabbit.host}` })),
    "a server that never answers": trialOf(async () => ({
      url: at((await silentServer()).host),
      timeout: "50ms",
    })),
  },
  secrets: [bridge.password, wrongPassword, secretHost],
});

brokerServerContract("rabbitmq", {
  async place() {
    const queue = await newQueue();
    return { sinkTo: (options) => sinkTo(queue, options), arrived: () => idsIn(queue) };
  },
  async tls() {
    const { host, ca } = await tlsFront(rabbit.host);
    return { options: { url: `amqps://${host}`, ...bridge }, ca };
  },
  kill: () => rabbit.kill(),
  restart: () => rabbit.restart(),
});

const accepted = { kind: "accepted" };

describe("the rabbitmq sink", () => {
  it("publishes the event as it is, with its attributes in the properties", async () => {
    const queue = await newQueue();
    const event = sampleEvent();
    expect(await sinkTo(queue).deliver([event], running())).toEqual([accepted]);
    const [message] = await messagesIn(queue);
    expect(message?.content.toString()).toBe(JSON.stringify(event));
    expect(message?.properties).toMatchObject({
      contentType: "application/cloudevents+json",
      deliveryMode: 2,
      messageId: event.id,
      type: event.type,
      timestamp: Date.parse(event.time) / 1_000,
      appId: "dms-task-bridge",
      headers: {
        cloudEvents_specversion: "1.0",
        cloudEvents_id: event.id,
        cloudEvents_source: event.source,
        cloudEvents_type: event.type,
        cloudEvents_subject: event.subject,
        cloudEvents_time: event.time,
        cloudEvents_partitionkey: event.partitionkey,
      },
    });
  });

  it("routes by engine, instance and status", async () => {
    const queue = await newQueue();
    await asAdmin((channel) => channel.bindQueue(queue, "amq.topic", "rabbitmq.*.FAILED"));
    const { routingKey } = v.parse(rabbitMqSink.schema, { url: "amqp://localhost", exchange: "amq.topic" });
    const sink = sinkTo(queue, { exchange: "amq.topic", routingKey });
    const failed = sampleEvent(2);
    const events = [
      sampleEvent(1),
      { ...failed, data: { ...failed.data, change: { ...failed.data.change, to: "FAILED" } } },
    ];
    expect(await sink.deliver(events, running())).toMatchObject([
      { kind: "blocked", reason: "unroutable" },
      accepted,
    ]);
    const [message] = await messagesIn(queue);
    expect(message?.fields.routingKey).toBe("rabbitmq.i-0001.FAILED");
  });

  it("sends a repeat under the same message id", async () => {
    const queue = await newQueue();
    const sink = sinkTo(queue);
    await sink.deliver([sampleEvent()], running());
    await sink.deliver([sampleEvent()], running());
    const ids = (await messagesIn(queue)).map(({ properties }) => properties.messageId);
    expect(ids).toEqual([sampleEvent().id, sampleEvent().id]);
  });

  it.each([
    ["an exchange that is not there", { exchange: "nowhere" }, "not_found"],
    ["an exchange that is not its own", { exchange: "amq.direct" }, "unauthorized"],
    ["a wrong password", { password: wrongPassword }, "unauthorized"],
  ] as const)("is blocked before %s", async (_, options, reason) => {
    const sink = sinkTo(await newQueue(), options);
    const results = await sink.deliver(sampleEvents(2), running());
    expect(results).toMatchObject([
      { kind: "blocked", reason },
      { kind: "blocked", reason },
    ]);
  });

  it("is blocked before a virtual host that its user may not enter, until he may", async () => {
    await rabbit.ctl("add_vhost", "closed/to him");
    const url = `amqp://${rabbit.host}/closed%2Fto%20him`;
    const sink = sinkTo("tasks", { url, ...bridge });
    expect(await sink.deliver([sampleEvent()], running())).toMatchObject([
      { kind: "blocked", reason: "unauthorized", detail: expect.stringContaining("virtual host") },
    ]);
    await rabbit.ctl("set_permissions", "-p", "closed/to him", bridge.user, "", ".*", "");
    expect(await sink.deliver([sampleEvent()], running())).toMatchObject([{ reason: "unroutable" }]);
  });

  it("passes once its queue is bound", async () => {
    const sink = sinkTo("tasks-to-come");
    expect(await sink.deliver([sampleEvent()], running())).toMatchObject([{ reason: "unroutable" }]);
    await asAdmin((channel) => channel.assertQueue("tasks-to-come"));
    expect(await sink.deliver([sampleEvent()], running())).toEqual([accepted]);
  });

  it("tries again what a full queue refuses", async () => {
    const queue = await newQueue({ "x-max-length": 1, "x-overflow": "reject-publish" });
    const sink = sinkTo(queue);
    expect(await sink.deliver([sampleEvent(1)], running())).toEqual([accepted]);
    expect(await sink.deliver([sampleEvent(2)], running())).toMatchObject([
      { kind: "retry", reason: "server_error" },
    ]);
  });

  it("gives up on the one event that is too large, and tries those beside it again", async () => {
    const queue = await newQueue();
    const sink = sinkTo(queue);
    const events = [
      sampleEvent(1),
      sampleEvent(2, { params: { text: "x".repeat(maxBytes) } }),
      sampleEvent(3),
    ];
    const results = await sink.deliver(events, running());
    expect(results[1]).toMatchObject({ kind: "permanent", reason: "too_large" });
    expect(results[2]).toMatchObject({ kind: "retry", reason: "network" });
    expect(await sink.deliver([sampleEvent(3)], running())).toEqual([accepted]);
  });

  it("gives up on an event whose routing key would be too long", async () => {
    const queue = await newQueue();
    const sink = sinkTo(queue, { routingKey: `${queue}{name}` });
    expect(await sink.deliver([sampleEvent(1, { name: "x".repeat(300) })], running())).toMatchObject([
      { kind: "permanent", reason: "too_large" },
    ]);
  });

  it("waits while the server has no memory, tells why, and delivers once it has", async () => {
    const queue = await newQueue();
    const logged: unknown[] = [];
    const sink = sinkTo(queue, { timeout: "500ms" }, { ...sampleDeps, log: (...line) => logged.push(line) });
    await rabbit.ctl("set_vm_memory_high_watermark", "0");
    try {
      expect(await sink.deliver([sampleEvent()], running())).toMatchObject([
        { kind: "retry", reason: "timeout" },
      ]);
    } finally {
      await rabbit.ctl("set_vm_memory_high_watermark", "0.9");
    }
    expect(logged).toEqual([
      ["warn", "RabbitMQ blocks messages for now", { sink: "trial", reason: "low on memory" }],
    ]);
    const patient = sinkTo(queue);
    expect(await patient.deliver([sampleEvent()], running())).toEqual([accepted]);
    expect(new Set(await idsIn(queue))).toEqual(new Set([sampleEvent().id]));
  });

  it("connects anew after the server closed its connection", async () => {
    const queue = await newQueue();
    const sink = sinkTo(queue);
    expect(await sink.deliver([sampleEvent(1)], running())).toEqual([accepted]);
    await rabbit.ctl("close_all_connections", "maintenance");
    const first = await sink.deliver([sampleEvent(2)], running());
    if (first[0]?.kind !== "accepted") {
      expect(first).toMatchObject([{ kind: "retry", reason: "network" }]);
      expect(await sink.deliver([sampleEvent(2)], running())).toEqual([accepted]);
    }
    expect(await idsIn(queue)).toEqual([sampleEvent(1).id, sampleEvent(2).id]);
  });

  it("leaves no connection behind when it is closed", async () => {
    const sink = sinkTo(await newQueue());
    await sink.deliver([sampleEvent()], running());
    await sink.close();
    expect(await rabbit.ctl("list_connections", "user")).not.toContain(bridge.user);
  });
});
