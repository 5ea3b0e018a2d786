import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import type { DeliveryResult } from "../core/result.ts";
import { duration } from "../options/duration.ts";
import { described, filledText } from "../options/fields.ts";
import { brokerAddress, brokerUrl, isTlsUrl, loginEntries } from "./brokers/address.ts";
import { brokerSink } from "./brokers/connection.ts";
import { brokerTimeout, tls, tlsSettings } from "./brokers/options.ts";
import type { Channel, PublishResult, RabbitMqMessage } from "./brokers/rabbitmq-channel.ts";
import { rabbitMqRefusal, sizeLimit } from "./brokers/rabbitmq-errors.ts";
import { maxShortTextBytes, messageProperties } from "./brokers/rabbitmq-message.ts";
import { filledTopic, placeholders, sampleTopic } from "./brokers/topic.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const routingKeyExpectation = `a routing key; it may hold ${placeholders}`;
const heartbeatExpectation = "a duration from 1s to 5m";
const tlsExpectation = "an amqps URL where tls is set";

const fields = v.strictObject({
  url: brokerUrl(
    ["amqp", "amqps"],
    "The broker: `amqp://host` (port 5672) or, over TLS, `amqps://host` (port 5671). Its path is the virtual host. A secret where it holds a password.",
  ),
  ...loginEntries,
  tls: tls("Authorities and a client's certificate, for an amqps URL that needs them."),
  exchange: described(
    v.string("the name of an exchange"),
    "Exchange, which must exist. Empty: the default exchange, whose routing key is a queue's name.",
  ),
  routingKey: v.optional(
    described(
      v.pipe(
        filledText(routingKeyExpectation),
        v.check((template) => sampleTopic(template) !== null, routingKeyExpectation),
      ),
      `Routing key of an event; it may hold ${placeholders}.`,
    ),
    "{engine}.{instance}.{status}",
  ),
  heartbeat: v.optional(
    described(
      v.pipe(duration(), v.minValue(1_000, heartbeatExpectation), v.maxValue(300_000, heartbeatExpectation)),
      "Interval of the heartbeats on the connection; two missed ones close it.",
    ),
    "10s",
  ),
  timeout: brokerTimeout,
});

/** Schema of the options of a sink of type `rabbitmq`. */
export const schema = v.pipe(
  fields,
  v.forward(
    v.partialCheck([["url"], ["tls"]], ({ url, tls }) => tls === undefined || isTlsUrl(url), tlsExpectation),
    ["url"],
  ),
);

/** Checked options of a sink of type `rabbitmq`. */
export type RabbitMqOptions = v.InferOutput<typeof schema>;

/** Messages per attempt before waiting for confirmations; RabbitMQ itself has no batches. */
const batch = { maxEvents: 100, maxBytes: 1_048_576 };

/** Publishes each event as one persistent message. Accepted means stored in a queue, on disk when it is durable. */
export function create(name: SinkName, options: RabbitMqOptions, { clock, log }: SinkDeps): Sink {
  const { exchange, routingKey, timeout: timeoutMs } = options;
  const address = brokerAddress(options);
  const { origin } = address;

  const resultOf = (outcome: PublishResult, bytes: number): DeliveryResult => {
    if (outcome.kind === "confirmed") return { kind: "accepted" };
    if (outcome.kind === "returned")
      return {
        kind: "blocked",
        reason: "unroutable",
        detail: `${origin}: no queue is bound for its routing key`,
      };
    if (outcome.kind === "refused")
      return { kind: "retry", reason: "server_error", detail: `${origin}: a queue is full or failed (nack)` };
    const limit = sizeLimit(outcome.cause);
    if (limit !== null) return bytes > limit ? tooLarge(origin, limit) : cutOff(origin);
    const refusal = rabbitMqRefusal(outcome.cause, origin);
    if (!refusal) throw outcome.cause;
    return refusal;
  };

  return brokerSink<Channel>(
    name,
    {
      origin,
      timeoutMs,
      batch,
      open: async (signal) => {
        const { openChannel } = await import("./brokers/rabbitmq-channel.ts");
        return openChannel({
          server: {
            protocol: address.isTls ? "amqps" : "amqp",
            hostname: address.host,
            ...(address.port !== undefined && { port: address.port }),
            username: address.user ?? "guest",
            password: address.password ?? "guest",
            vhost: encodeURIComponent(address.path || "/"),
            heartbeat: Math.round(options.heartbeat / 1_000),
          },
          tls: options.tls ? tlsSettings(options.tls) : {},
          timeoutMs,
          signal,
          onBlocked: (reason) => log("warn", "RabbitMQ blocks messages for now", { sink: name, reason }),
        });
      },
      send: (channel, events) =>
        Promise.all(
          events.map(async (event) => {
            const message = messageOf(event, routingKey);
            if (Buffer.byteLength(message.routingKey) > maxShortTextBytes) return longKey(origin);
            return resultOf(await channel.publish(exchange, message), message.body.length);
          }),
        ),
      refusal: (error) => rabbitMqRefusal(error, origin),
      isLost: (channel) => channel.isLost(),
      close: (channel) => channel.close(),
    },
    clock,
  );
}

const messageOf = (event: CloudEvent, template: string): RabbitMqMessage => ({
  routingKey: filledTopic(template, event),
  body: Buffer.from(JSON.stringify(event)),
  properties: messageProperties(event),
});

const tooLarge = (origin: string, limit: number): DeliveryResult => ({
  kind: "permanent",
  reason: "too_large",
  detail: `${origin}: the server takes at most ${limit} bytes`,
});

/** Another event of the batch was too large, which closed the channel. */
const cutOff = (origin: string): DeliveryResult => ({
  kind: "retry",
  reason: "network",
  detail: `${origin}: the channel closed before the confirmation`,
});

const longKey = (origin: string): DeliveryResult => ({
  kind: "permanent",
  reason: "too_large",
  detail: `${origin}: its routing key has more than ${maxShortTextBytes} bytes`,
});
