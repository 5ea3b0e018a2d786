import { Admin } from "@platformatic/kafka";
import type * as v from "valibot";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import * as kafkaSink from "../../../lib/sinks/kafka.ts";
import { brokerContract, networkRetry as retry } from "../../contract/broker.ts";
import { freezingAt, frozenContract } from "../../contract/frozen.ts";
import { hostileServer, type Manner, relay } from "../../contract/hostile-servers.ts";
import { type Kafka, kafkaUser, startKafka } from "../../services/kafka.ts";
import { running, sampleEvent, sinkOf } from "../sample.ts";

type Options = v.InferInput<typeof kafkaSink.schema>;

const sinkTo = (options: Partial<Options> & Pick<Options, "brokers">) =>
  sinkOf(kafkaSink, { topic: "tasks", ...options });

let kafka: Kafka;
beforeAll(async () => {
  kafka = await startKafka();
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [kafka.broker] });
  await admin.createTopics({ topics: ["tasks"], partitions: 1, replicas: 1 });
  await admin.close();
  const sink = sinkTo({ brokers: [kafka.broker] });
  await vi.waitFor(
    async () => expect(await sink.deliver([sampleEvent()], running())).toEqual([{ kind: "accepted" }]),
    { timeout: 15_000 },
  );
  await sink.close();
}, 60_000);
afterAll(() => kafka.stop());

/** Answers each request so, its correlation id in place of `ID`. */
const answering =
  (answer: string): Manner =>
  (socket) =>
    void socket.on("data", (request) => {
      const id = request.subarray(8, 12).toString("hex");
      socket.write(Buffer.from(answer.replaceAll("ID", id), "hex"));
    });

// A request's key comes after its length: 0 is Produce.
const produces = (words: Buffer): boolean => words.length > 6 && words.readInt16BE(4) === 0;

/** Changes the bytes of the real broker's acknowledgement from the topic's name on. */
const acknowledging =
  (bytes: string): Manner =>
  (socket) => {
    let isAsked = false;
    socket.on("data", (words) => {
      isAsked ||= produces(words);
    });
    relay(kafka.broker, (chunk) => {
      const at = isAsked ? chunk.indexOf("tasks") : -1;
      if (at >= 0) Buffer.from(bytes, "latin1").copy(chunk, at);
      return chunk;
    })(socket);
  };

brokerContract("kafka", {
  sink: ({ host, timeoutMs, isSigned, ca }) =>
    sinkTo({
      brokers: [host],
      timeout: `${timeoutMs}ms`,
      ...(isSigned && { sasl: { mechanism: "plain", ...kafkaUser } }),
      ...(ca !== null && { tls: { ca } }),
    }),
  real: (isSigned) => (isSigned ? kafka.saslBroker : kafka.broker),
  reconnects: true,
  absurd: {
    "an acknowledgement of more records than it has": { manner: acknowledging("tasks\x7f"), result: retry },
    ...Object.fromEntries(
      Object.entries({
        "an answer without content": "00000004ID",
        "an answer of one byte": "00000005ID00",
        "a list of the greatest length": "0000000cID00007fffffff0000",
        "a list of a negative length": "0000000cID000080000000ffff",
        "a compact list of the greatest length": "0000000fID000000ffffffff0fffffff",
        "a length shorter than its head": "00000001ID",
        "the answer to another request": "000000047fffffff",
        "the same answer twice": "00000004ID00000004ID",
      }).map(([name, answer]) => [name, { manner: answering(answer), result: retry }]),
    ),
  },
});

const sasl = { mechanism: "plain", ...kafkaUser } as const;
it.each([
  ["a login that is not set", () => ({ brokers: [kafka.saslBroker] }), "retry", /may want sasl/],
  ["a login that nobody asked for", () => ({ brokers: [kafka.broker], sasl }), "blocked", /takes no sasl/],
  [
    "another mechanism",
    () => ({ brokers: [kafka.saslBroker], sasl: { ...sasl, mechanism: "scram-sha-512" as const } }),
    "blocked",
    /another sasl mechanism/,
  ],
  ["TLS that is not set", () => ({ brokers: [kafka.tlsBroker] }), "retry", /asks for TLS/],
])("the kafka sink tells of %s", async (_, options, kind, detail) => {
  const sink = sinkTo(options());
  onTestFinished(() => sink.close());
  const [result] = await sink.deliver([sampleEvent()], running());
  expect(result).toMatchObject({ kind, detail: expect.stringMatching(detail) });
});

it.each([
  ["another topic", "other"],
  ["another partition", "tasks\x02\x00\x00\x00\x09"],
])("the kafka sink takes no acknowledgement of %s", async (_, bytes) => {
  const { host } = await hostileServer(acknowledging(bytes));
  const sink = sinkTo({ brokers: [host] });
  onTestFinished(() => sink.close());
  const [result] = await sink.deliver([sampleEvent()], running());
  expect(result).toMatchObject({
    kind: "retry",
    detail: expect.stringMatching(/confirms another partition/),
  });
});

frozenContract("kafka after a publish", {
  manner: freezingAt(() => kafka.broker, produces),
  asks: produces,
  options: (host) => ({ type: "kafka", brokers: [host], topic: "tasks" }),
});
