import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { eachOf } from "../../lib/async/each.ts";
import { setStage } from "../cli/stage.ts";
import { hostileServer, type Manner } from "../contract/hostile-servers.ts";

const silent: Manner = (socket) => void socket.resume();

/** Lets a client in, and falls silent when it publishes. */
const natsWithoutAnswers: Manner = (socket) => {
  socket.write(
    'INFO {"server_id":"x","version":"2.10.0","proto":1,"headers":true,"max_payload":1048576}\r\n',
  );
  socket.on("data", (chunk) => /PING\r\n/.test(chunk.toString()) && socket.write("PONG\r\n"));
};
const mqttWithoutAnswers: Manner = (socket) =>
  void socket.once("data", () => socket.resume().write(Buffer.from("2003000000", "hex")));

const frozen: Readonly<Record<string, { readonly manner: Manner; options(host: string): object }>> = {
  rabbitmq: {
    manner: silent,
    options: (host) => ({ type: "rabbitmq", url: `amqp://${host}`, exchange: "" }),
  },
  kafka: { manner: silent, options: (host) => ({ type: "kafka", brokers: [host], topic: "tasks" }) },
  "kafka with sasl": {
    manner: silent,
    options: (host) => ({
      type: "kafka",
      brokers: [host],
      topic: "tasks",
      sasl: { mechanism: "plain", username: "u", password: "p" },
    }),
  },
  nats: { manner: silent, options: (host) => ({ type: "nats", servers: [host] }) },
  "nats after a publish": {
    manner: natsWithoutAnswers,
    options: (host) => ({ type: "nats", servers: [host] }),
  },
  redis: { manner: silent, options: (host) => ({ type: "redis", url: `redis://${host}`, stream: "tasks" }) },
  mqtt: { manner: silent, options: (host) => ({ type: "mqtt", url: `mqtt://${host}` }) },
  "mqtt after a publish": {
    manner: mqttWithoutAnswers,
    options: (host) => ({ type: "mqtt", url: `mqtt://${host}` }),
  },
  email: {
    manner: silent,
    options: (host) => ({
      type: "email",
      from: "a@example.com",
      to: ["b@example.com"],
      smtp: { host: "127.0.0.1", port: Number(host.split(":").at(-1)), security: "none" },
    }),
  },
};

describe.each(Object.entries(frozen))("before a server that is frozen, %s,", (_, { manner, options }) => {
  /** Tells also when the first client is there. */
  const setFrozen = async (timeout: string) => {
    const asked = Promise.withResolvers<void>();
    const server = await hostileServer((socket: Socket) => {
      asked.resolve();
      manner(socket);
    });
    const stage = await setStage();
    await stage.addSink("frozen", { ...options(server.host), timeout });
    return { stage, asked: asked.promise };
  };

  it("sink test and poll end by themselves, the healthy sink served", async () => {
    const { stage } = await setFrozen("300ms");
    expect(await stage.run("sink", "test", "frozen")).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^retry {2}frozen: .*\(timeout/),
      err: "",
    });
    stage.task("bindInstancePublicIp");
    const { code, out } = await stage.run("poll", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out).sinks).toMatchObject({
      ops: { accepted: 1 },
      frozen: { accepted: 0, pending: 1 },
    });
  });

  it("watch, poll and sink test end within 8 s at SIGTERM, and what is unconfirmed stays owed", {
    timeout: 40_000,
  }, async () => {
    const commands = [["watch"], ["poll"], ["sink", "test", "frozen"]];
    await eachOf(commands, commands.length, async (command) => {
      const { stage, asked } = await setFrozen("60s");
      stage.task("bindInstancePublicIp");
      const running = stage.start(...command);
      await asked;
      const toldMs = performance.now();
      running.kill("SIGTERM");
      expect(await running.ended).toMatchObject({ code: 143 });
      expect(performance.now() - toldMs).toBeLessThan(8_000);
      if (command[0] === "sink") return;
      const { out } = await stage.run("checkpoint", "show", "--json");
      expect(JSON.parse(out)).toMatchObject({ checkpoints: [{ pending: { frozen: 1 }, lease: null }] });
    });
  });
});
