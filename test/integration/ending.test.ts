import { type Frozen, frozenContract } from "../contract/frozen.ts";
import type { Manner } from "../contract/hostile-servers.ts";

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

/** Takes a mail, and never says that it has it. */
const smtpWithoutReceipt: Manner = (socket) => {
  let isMail = false;
  socket.write("220 ready\r\n");
  socket.on("data", (chunk) => {
    if (isMail) return;
    isMail = chunk.toString().startsWith("DATA");
    socket.write(isMail ? "354 go on\r\n" : "250 ok\r\n");
  });
};

const email = (host: string): object => ({
  type: "email",
  from: "a@example.com",
  to: ["b@example.com"],
  smtp: { host: "127.0.0.1", port: Number(host.split(":").at(-1)), security: "none" },
});

const frozen: Readonly<Record<string, Frozen>> = {
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
    asks: (words) => words.includes("HPUB "),
    options: (host) => ({ type: "nats", servers: [host] }),
  },
  redis: { manner: silent, options: (host) => ({ type: "redis", url: `redis://${host}`, stream: "tasks" }) },
  mqtt: { manner: silent, options: (host) => ({ type: "mqtt", url: `mqtt://${host}` }) },
  "mqtt after a publish": {
    manner: mqttWithoutAnswers,
    // A PUBLISH of QoS 1.
    asks: ([type = 0]) => type >> 1 === 0x19,
    options: (host) => ({ type: "mqtt", url: `mqtt://${host}` }),
  },
  email: { manner: silent, options: email },
  "email after a mail": {
    manner: smtpWithoutReceipt,
    options: email,
    // The final dot may come in a packet of its own.
    asks: (words) => /(?:^|\n)\.\r\n$/.test(words.toString()),
  },
};

for (const [name, each] of Object.entries(frozen)) frozenContract(name, each);
