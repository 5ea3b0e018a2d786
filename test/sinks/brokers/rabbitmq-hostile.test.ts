import { connect } from "amqplib";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import * as rabbitmqSink from "../../../lib/sinks/rabbitmq.ts";
import { brokerContract, networkRetry as retry } from "../../contract/broker.ts";
import { freezingAt, frozenContract } from "../../contract/frozen.ts";
import { type Manner, relay } from "../../contract/hostile-servers.ts";
import { type RabbitMq, startRabbitMq } from "../../services/rabbitmq.ts";
import { running, sampleEvent, sinkOf } from "../sample.ts";

let rabbit: RabbitMq;
beforeAll(async () => {
  rabbit = await startRabbitMq();
  await rabbit.ctl("await_startup");
  for (const user of ["guest", "bridge"]) {
    await rabbit.ctl("add_user", user, user);
    await rabbit.ctl("set_permissions", user, "", ".*", "");
  }
  const connection = await connect(rabbit.adminUrl);
  const channel = await connection.createChannel();
  await channel.assertQueue("tasks", { durable: true });
  await connection.close();
}, 120_000);
afterAll(() => rabbit.stop());

const tune = Buffer.from("0000000c000a001e", "hex");

/** Changes the numbers of the real server's Connection.Tune: channels, bytes of a frame, seconds between heartbeats. */
const tuned =
  (numbers: string): Manner =>
  (socket) =>
    relay(rabbit.host, (chunk) => {
      const at = chunk.indexOf(tune);
      if (at >= 0) Buffer.from(numbers, "hex").copy(chunk, at + tune.length);
      return chunk;
    })(socket);

/** Greets as the real server does, and goes on with this. */
const after =
  (frames: string): Manner =>
  (socket) =>
    relay(rabbit.host, (chunk, told) => (told === 0 ? chunk : Buffer.from(frames, "hex")))(socket);

brokerContract("rabbitmq", {
  sink: ({ host, timeoutMs, isSigned, ca }) =>
    sinkOf(rabbitmqSink, {
      url: `${ca === null ? "amqp" : "amqps"}://${host}`,
      exchange: "",
      routingKey: "tasks",
      timeout: `${timeoutMs}ms`,
      ...(isSigned && { user: "bridge", password: "bridge" }),
      ...(ca !== null && { tls: { ca } }),
    }),
  real: () => rabbit.host,
  absurd: {
    "no more than a frame of one byte": { manner: tuned("07ff00000001003c"), result: retry },
    "frames without a limit": { manner: tuned("07ff00000000003c"), result: { kind: "accepted" } },
    "frames of the greatest length": { manner: tuned("07ffffffffff003c"), result: { kind: "accepted" } },
    "a single channel": { manner: tuned("000100001000003c"), result: { kind: "accepted" } },
    "channels without a limit, which the server has": {
      manner: tuned("0000000200000000"),
      result: retry,
    },
    "a heartbeat a second": { manner: tuned("07ff000200000001"), result: { kind: "accepted" } },
    "a heartbeat beyond all": { manner: tuned("07ff00020000ffff"), result: { kind: "accepted" } },
    "a frame of the greatest length": { manner: after("010000ffffffff000a001e"), result: retry },
    "a frame of no length": { manner: after("01000000000000ce"), result: retry },
    "a frame of a type that is none": { manner: after("2a000000000000ce"), result: retry },
    "a frame without its end": { manner: after("0100000000000400000000ff"), result: retry },
    "a method that is none": { manner: after("01000000000004ffffffffce"), result: retry },
    "a heartbeat instead of an answer": { manner: after("08000000000000ce"), result: retry },
  },
});

it("the rabbitmq sink tells of a limit of connections", async () => {
  await rabbit.ctl("set_user_limits", "bridge", '{"max-connections": 0}');
  onTestFinished(() => rabbit.ctl("clear_user_limits", "bridge", "all").then(() => {}));
  const options = { url: `amqp://bridge:bridge@${rabbit.host}`, exchange: "" };
  const sink = sinkOf(rabbitmqSink, options);
  onTestFinished(() => sink.close());
  const [result] = await sink.deliver([sampleEvent()], running());
  expect(result).toMatchObject({ kind: "blocked", detail: expect.stringMatching(/all the connections/) });
});

// Basic.Publish: class 60, method 40.
const publishes = (words: Buffer): boolean => words.includes(Buffer.from("003c0028", "hex"));
frozenContract("rabbitmq after a publish", {
  manner: freezingAt(() => rabbit.host, publishes),
  asks: publishes,
  options: (host) => ({ type: "rabbitmq", url: `amqp://${host}`, exchange: "", routingKey: "tasks" }),
});
