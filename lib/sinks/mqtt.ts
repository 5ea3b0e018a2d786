import type { MqttClient } from "mqtt";
import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import type { DeliveryResult, Refusal } from "../core/result.ts";
import { described, filledText } from "../options/fields.ts";
import { type Broker, brokerSink } from "./brokers/connection.ts";
import { holdSocket } from "./brokers/hold-socket.ts";
import { isUsableLimit, unusableLimit } from "./brokers/limit.ts";
import { MqttDisconnect, mqttRefusal, noMqtt, qosNotSupported } from "./brokers/mqtt-errors.ts";
import { brokerTimeout, tls, tlsSettings } from "./brokers/options.ts";
import { filledTopic, placeholders, sampleTopic } from "./brokers/topic.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const urlExpectation = "an mqtt or mqtts URL of a host and a port";
const topicExpectation = `a topic without wildcards; it may hold ${placeholders}`;
const tlsExpectation = "an mqtts URL where tls is set";

const fields = v.strictObject({
  url: described(
    v.pipe(
      v.string(urlExpectation),
      v.regex(/^mqtts?:\/\/([\w.-]+|\[[\da-f:]+\])(:\d{1,5})?\/?$/i, urlExpectation),
    ),
    "The broker: `mqtt://host` (port 1883) or, over TLS, `mqtts://host` (port 8883).",
  ),
  topic: v.optional(
    described(
      v.pipe(v.string(topicExpectation), v.check(isTopic, topicExpectation)),
      `Topic of an event; it may hold ${placeholders}.`,
    ),
    "dms/{engine}/{instance}/{status}",
  ),
  clientId: v.optional(
    described(
      filledText("a client's name"),
      "Client id, for a broker that knows its clients by it; otherwise a new one for each connection.",
    ),
  ),
  user: v.optional(described(filledText("a user's name"), "User name.")),
  password: v.optional(described(filledText("a password"), "The user's password.")),
  tls: tls("Authorities and a client's certificate, for an mqtts URL that needs them."),
  timeout: brokerTimeout,
});

/** Schema of the options of a sink of type `mqtt`. */
export const schema = v.pipe(
  fields,
  v.forward(
    v.partialCheck(
      [["url"], ["tls"]],
      ({ url, tls }) => tls === undefined || /^mqtts:/i.test(url),
      tlsExpectation,
    ),
    ["url"],
  ),
);

/** Checked options of a sink of type `mqtt`. */
export type MqttOptions = v.InferOutput<typeof schema>;

function isTopic(template: string): boolean {
  const sample = sampleTopic(template);
  return sample !== null && /^[^$+#\p{Cc}][^+#\p{Cc}]*$/u.test(sample);
}

interface MqttConnection {
  readonly client: MqttClient;
  /** Why the connection ended; null while unknown. */
  failure: Error | null;
}

const contentType = "application/cloudevents+json; charset=utf-8";
/** Maximum overhead of a PUBLISH, bytes: fixed header, length fields and packet id. */
const packetOverheadBytes = 16;

/** Publishes each event with QoS 1; the reason code of its PUBACK decides the result. */
export function create(name: SinkName, options: MqttOptions, deps: SinkDeps): Sink {
  const origin = new URL(options.url).href.replace(/\/$/, "");

  let atOnce = Number.POSITIVE_INFINITY;

  const publish = async (
    connection: MqttConnection,
    event: CloudEvent,
    isAlone: boolean,
  ): Promise<DeliveryResult> => {
    const { client } = connection;
    if (!client.connected) return connectionBroke(origin);
    const topic = filledTopic(options.topic, event);
    const payload = Buffer.from(JSON.stringify(event));
    const bytes = payload.length + Buffer.byteLength(topic) + contentType.length + packetOverheadBytes;
    const maxBytes = client.serverProperties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    if (!isUsableLimit(maxBytes)) return unusableLimit(origin, maxBytes);
    // A server closes the connection over a packet that is too large, and everything in flight fails with it.
    if (bytes > maxBytes) return tooLarge(origin);
    try {
      await client.publishAsync(topic, payload, { qos: 1, properties: { contentType } });
      return { kind: "accepted" };
    } catch (error) {
      const refusal = mqttRefusal(client.connected ? error : (connection.failure ?? error), origin);
      if (!refusal) throw error;
      if (client.connected || refusal.kind !== "permanent") return refusal;
      // The connection ended over one of several events: send them one by one until it is found.
      atOnce = isAlone ? Number.POSITIVE_INFINITY : 1;
      return isAlone ? refusal : { ...refusal, kind: "retry" };
    }
  };

  const broker: Broker<MqttConnection> = {
    origin,
    timeoutMs: options.timeout,
    batch: { maxEvents: 100, maxBytes: 4 * 1_048_576 },
    open: (signal) => open(options, deps, signal),
    async send(connection, events, settle) {
      const { receiveMaximum = 65_535 } = connection.client.serverProperties ?? {};
      const step = Math.min(receiveMaximum, atOnce);
      const results: DeliveryResult[] = [];
      for (let at = 0; at < events.length; at += step) {
        const together = events.slice(at, at + step);
        const publishing = together.map(async (event, index) => {
          const result = await publish(connection, event, together.length === 1);
          settle(at + index, result);
          return result;
        });
        results.push(...(await Promise.all(publishing)));
      }
      return results;
    },
    refusal: (error) => mqttRefusal(error, origin),
    isLost: ({ client }) => !client.connected,
    close: ({ client }) => client.endAsync(true),
  };
  return brokerSink(name, broker, deps.clock);
}

const connectionBroke = (origin: string): Refusal => ({
  kind: "retry",
  reason: "network",
  detail: `${origin}: the connection broke`,
});

const tooLarge = (origin: string): Refusal => ({
  kind: "permanent",
  reason: "too_large",
  detail: `${origin}: larger than the packets that the broker takes`,
});

async function open(
  options: MqttOptions,
  { random }: SinkDeps,
  signal: AbortSignal,
): Promise<MqttConnection> {
  // Default export: code splitting bundlers expose no named exports of a CommonJS package.
  const { connect } = (await import("mqtt")).default;
  const { url, user, password, tls, timeout } = options;
  const client = connect(url, {
    protocolVersion: 5,
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: timeout,
    clientId: options.clientId ?? `dms-${Math.floor(random() * 2 ** 52).toString(36)}`,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(tls && tlsSettings(tls)),
  });
  const connection: MqttConnection = { client, failure: null };
  const cut = (): void => void client.stream.destroy();
  holdSocket(client.stream);
  signal.addEventListener("abort", cut, { once: true });
  if (signal.aborted) cut();
  client.on("error", (error) => {
    connection.failure ??= mqttRefusal(error, url) === null ? noMqtt(error) : error;
    // After a response that it cannot parse the client reads nothing more, but stays connected.
    cut();
  });
  client.on("disconnect", ({ reasonCode }) => {
    connection.failure ??= new MqttDisconnect(reasonCode ?? 0);
  });
  // The client would keep unconfirmed messages for a reconnect that never comes.
  client.on("close", () => {
    signal.removeEventListener("abort", cut);
    client.end(true);
  });
  await new Promise<void>((resolve, reject) => {
    client.once("connect", () => resolve());
    client.once("close", () => reject(connection.failure ?? new Error("Connection closed")));
  });
  const { receiveMaximum, maximumPacketSize, maximumQoS } = client.serverProperties ?? {};
  // Both are protocol errors that the client ignores.
  if (receiveMaximum === 0 || maximumPacketSize === 0) throw noMqtt("a limit of nothing");
  if (maximumQoS === 0) throw new MqttDisconnect(qosNotSupported);
  return connection;
}
