import type { Producer } from "@platformatic/kafka";
import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import type { DeliveryResult } from "../core/result.ts";
import { described, filledText } from "../options/fields.ts";
import { type Broker, brokerSink } from "./brokers/connection.ts";
import { holdConnections } from "./brokers/kafka-connections.ts";
import { kafkaRefusal, partitionOutcomes, requestRefusal, unconfirmed } from "./brokers/kafka-errors.ts";
import { addressIn, brokerTimeout, hostAndPort, originOf, tls, tlsSettings } from "./brokers/options.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const topicExpectation = "a topic's name: letters, digits, dots, underscores and hyphens, at most 249";
const saslNames = {
  plain: "PLAIN",
  "scram-sha-256": "SCRAM-SHA-256",
  "scram-sha-512": "SCRAM-SHA-512",
} as const;
const mechanisms = ["plain", "scram-sha-256", "scram-sha-512"] as const satisfies (keyof typeof saslNames)[];

const sasl = v.strictObject(
  {
    mechanism: described(
      v.picklist(mechanisms, mechanisms.join(", ")),
      "SASL mechanism; `plain` sends the password as it is, so it requires TLS.",
    ),
    username: described(filledText("a user's name"), "User name."),
    password: described(filledText("a password"), "The user's password."),
  },
  "an object with mechanism, username and password",
);

/** Schema of the options of a sink of type `kafka`. */
export const schema = v.strictObject({
  brokers: described(
    v.pipe(
      v.array(hostAndPort("kafka-1.example.com:9092"), "a list of brokers"),
      v.minLength(1, "at least one broker"),
    ),
    "Bootstrap brokers, as `host:port`; the client learns the others from them.",
  ),
  topic: described(
    v.pipe(v.string(topicExpectation), v.regex(/^(?!\.\.?$)[\w.-]{1,249}$/, topicExpectation)),
    "Topic, which must exist.",
  ),
  mode: v.optional(
    described(
      v.picklist(["structured", "binary"], "structured or binary"),
      "CloudEvents content mode: the whole event in the value, or its data there and its attributes in `ce_` headers.",
    ),
    "structured",
  ),
  sasl: v.optional(described(sasl, "User and password, if the brokers ask for them.")),
  tls: tls("TLS; `{}` trusts the system's authorities."),
  timeout: brokerTimeout,
});

/** Checked options of a sink of type `kafka`. */
export type KafkaOptions = v.InferOutput<typeof schema>;

/** Kafka's default limit is 1 MiB for one partition's records; keys and headers need room too. */
const limits = { maxEvents: 500, maxBytes: 900_000 };

interface KafkaConnection {
  readonly producer: Producer<Buffer, Buffer, Buffer, Buffer>;
  partitionOf(event: CloudEvent): number | undefined;
}

/** Produces each event as one record, keyed by task and confirmed by all in-sync replicas. */
export function create(name: SinkName, options: KafkaOptions, { clock }: SinkDeps): Sink {
  const { topic, mode } = options;
  const origin = originOf("kafka", options.brokers);
  // Kafka sends no error to a client without login or TLS when a listener requires it.
  const broken = `the connection broke${options.sasl ? "" : "; the listener may want sasl, which is not set"}`;

  const produce = async (
    { producer, partitionOf }: KafkaConnection,
    events: readonly CloudEvent[],
  ): Promise<readonly DeliveryResult[]> => {
    try {
      const messages = events.map((event) => ({ topic, ...recordOf(event, mode) }));
      const { offsets = [] } = await producer.send({ messages });
      const taken = new Set(offsets.filter((each) => each.topic === topic).map(({ partition }) => partition));
      return events.map((event) =>
        taken.has(partitionOf(event) ?? -1) ? { kind: "accepted" } : unconfirmed(origin),
      );
    } catch (error) {
      const refusal = requestRefusal(error, origin, broken);
      if (!refusal) throw error;
      const outcomes = partitionOutcomes(error, topic);
      return events.map((event) => {
        const outcome = outcomes.get(partitionOf(event) ?? -1);
        if (outcome === undefined) return refusal;
        return outcome === null ? { kind: "accepted" } : kafkaRefusal(outcome, origin);
      });
    }
  };

  /** Kafka refuses all records of one partition together; halving the batch finds the one at fault. */
  const produceApart = async (
    connection: KafkaConnection,
    events: readonly CloudEvent[],
  ): Promise<readonly DeliveryResult[]> => {
    const results = [...(await produce(connection, events))];
    const refused = [...events.entries()].filter(([index]) => results[index]?.kind === "permanent");
    if (events.length === 1) return results;
    const middle = Math.ceil(refused.length / 2);
    for (const half of [refused.slice(0, middle), refused.slice(middle)]) {
      if (half.length === 0) continue;
      const again = await produceApart(
        connection,
        half.map(([, event]) => event),
      );
      for (const [n, result] of again.entries()) results.splice(half[n]?.[0] ?? 0, 1, result);
    }
    return results;
  };

  const broker: Broker<KafkaConnection> = {
    origin,
    timeoutMs: options.timeout,
    batch: limits,
    open: (signal) => open(options, signal),
    send: produceApart,
    refusal: (error) => requestRefusal(error, origin, broken),
    isLost: ({ producer }) => producer.closed,
    close: ({ producer }) => producer.close(true),
  };
  return brokerSink(name, broker, clock);
}

async function open(
  { brokers, topic, timeout, sasl, tls }: KafkaOptions,
  signal: AbortSignal,
): Promise<KafkaConnection> {
  const { Producer, compatibilityPartitioner } = await import("@platformatic/kafka");
  const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
    clientId: "dms-task-bridge",
    bootstrapBrokers: brokers,
    // Acknowledged by all replicas; idempotence stores a request that the client repeats only once.
    idempotent: true,
    // With fewer than two the client retries an idempotent producer without end.
    retries: 2,
    retryDelay: 100,
    // Leaves time for another broker when one does not respond.
    connectTimeout: Math.ceil(timeout / 4),
    requestTimeout: timeout,
    timeout,
    // The partitioner of Kafka's Java client, so all producers put a task on the same partition.
    partitioner: compatibilityPartitioner,
    ...(sasl && { sasl: { ...sasl, mechanism: saslNames[sasl.mechanism] } }),
    // TLS server names (SNI) are host names, never addresses.
    ...(tls && {
      tls: tlsSettings(tls),
      tlsServerName: brokers.every((broker) => addressIn(broker) === null),
    }),
  });
  holdConnections(producer.connections, signal);
  return {
    producer,
    partitionOf(event) {
      const count = producer.currentMetadata?.topics.get(topic)?.partitionsCount;
      const key = Buffer.from(event.partitionkey);
      return count === undefined
        ? undefined
        : compatibilityPartitioner({ topic, key, value: key }, key) % count;
    },
  };
}

interface KafkaRecord {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
}

/** An event by the CloudEvents Kafka binding. */
function recordOf(event: CloudEvent, mode: KafkaOptions["mode"]): KafkaRecord {
  const key = Buffer.from(event.partitionkey);
  if (mode === "structured")
    return {
      key,
      value: Buffer.from(JSON.stringify(event)),
      headers: headers([["content-type", "application/cloudevents+json; charset=UTF-8"]]),
    };
  const { data, datacontenttype, ...attributes } = event;
  const named = Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value] as const);
  return {
    key,
    value: Buffer.from(JSON.stringify(data)),
    headers: headers([["content-type", datacontenttype], ...named]),
  };
}

const headers = (entries: readonly (readonly [name: string, value: string])[]): Map<Buffer, Buffer> =>
  new Map(entries.map(([name, value]) => [Buffer.from(name), Buffer.from(value)]));
