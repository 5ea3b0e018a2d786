import type { MsgHdrs, NatsConnection } from "@nats-io/nats-core";
import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import type { DeliveryResult } from "../core/result.ts";
import { described, filledText } from "../options/fields.ts";
import { type Broker, brokerSink } from "./brokers/connection.ts";
import { isUsableLimit, unusableLimit } from "./brokers/limit.ts";
import { natsRefusal, publishResult } from "./brokers/nats-errors.ts";
import { brokerTimeout, hostAndPort, originOf, tls, tlsSettings } from "./brokers/options.ts";
import { filledTopic, placeholders, sampleTopic } from "./brokers/topic.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const subjectExpectation = `a subject without wildcards and spaces; it may hold ${placeholders}`;
const loginExpectation = "one login: user and password, token, nkey or credentials";
const credentialsExpectation = "the text of a credentials file";

const fields = v.strictObject({
  servers: described(
    v.pipe(
      v.array(hostAndPort("nats-1.example.com:4222"), "a list of servers"),
      v.minLength(1, "at least one server"),
    ),
    "Seed servers, as `host:port`; the client learns the others from them.",
  ),
  subject: v.optional(
    described(
      v.pipe(v.string(subjectExpectation), v.check(isSubject, subjectExpectation)),
      `Subject of an event; it may hold ${placeholders}. A stream must listen on it.`,
    ),
    "dms.{engine}.{instance}.{status}",
  ),
  user: v.optional(described(filledText("a user's name"), "User name.")),
  password: v.optional(described(filledText("a password"), "The user's password.")),
  token: v.optional(described(filledText("a token"), "Token, in place of user and password.")),
  nkey: v.optional(
    described(
      v.pipe(v.string("the seed of a user's nkey"), v.regex(/^SU[A-Z2-7]{56}$/, "the seed of a user's nkey")),
      "Seed of an nkey, in place of user and password.",
    ),
  ),
  credentials: v.optional(
    described(
      v.pipe(
        v.string(credentialsExpectation),
        v.regex(/BEGIN NATS USER JWT[\s\S]+BEGIN USER NKEY SEED/, credentialsExpectation),
      ),
      "Text of a credentials file (JWT and seed), in place of user and password.",
    ),
  ),
  tls: tls(
    "Insists on TLS; `{}` trusts the system's authorities. Without it TLS is used where the server offers it.",
  ),
  timeout: brokerTimeout,
});

/** Schema of the options of a sink of type `nats`. */
export const schema = v.pipe(
  fields,
  v.check(
    ({ user, password, token, nkey, credentials }) =>
      [user, token, nkey, credentials].filter((login) => login !== undefined).length <= 1 &&
      (user === undefined) === (password === undefined),
    loginExpectation,
  ),
);

/** Checked options of a sink of type `nats`. */
export type NatsOptions = v.InferOutput<typeof schema>;

function isSubject(template: string): boolean {
  const sample = sampleTopic(template);
  return sample !== null && /^[^\s.*>]+(\.[^\s.*>]+)*$/.test(sample);
}

interface JetStreamConnection {
  readonly server: NatsConnection;
  newHeaders(): MsgHdrs;
}

const limits = { maxEvents: 100, maxBytes: 4 * 1_048_576 };

/** Publishes each event to JetStream with its id, so that a stream drops repeats. */
export function create(name: SinkName, options: NatsOptions, { clock }: SinkDeps): Sink {
  const origin = originOf("nats", options.servers);

  const publish = async (
    { server, newHeaders }: JetStreamConnection,
    event: CloudEvent,
  ): Promise<DeliveryResult> => {
    const maxBytes = server.info?.max_payload;
    if (maxBytes !== undefined && !isUsableLimit(maxBytes)) return unusableLimit(origin, maxBytes);
    const headers = newHeaders();
    headers.set("Content-Type", "application/cloudevents+json");
    // JetStream detects repeats by this id.
    headers.set("Nats-Msg-Id", event.id);
    try {
      const subject = filledTopic(options.subject, event);
      const { data } = await server.request(subject, JSON.stringify(event), {
        headers,
        timeout: options.timeout,
      });
      return publishResult(Buffer.from(data).toString(), origin);
    } catch (error) {
      const refusal = natsRefusal(error, origin);
      if (!refusal) throw error;
      return refusal;
    }
  };

  const broker: Broker<JetStreamConnection> = {
    origin,
    timeoutMs: options.timeout,
    batch: limits,
    open: (signal) => open(options, signal),
    send: (connection, events, settle) =>
      Promise.all(
        events.map(async (event, index) => {
          const result = await publish(connection, event);
          settle(index, result);
          return result;
        }),
      ),
    refusal: (error) => natsRefusal(error, origin),
    isLost: ({ server }) => server.isClosed(),
    close: ({ server }) => server.close(),
  };
  return brokerSink(name, broker, clock);
}

async function open(options: NatsOptions, signal: AbortSignal): Promise<JetStreamConnection> {
  const [{ credsAuthenticator, headers, nkeyAuthenticator }, { connectNats }] = await Promise.all([
    import("@nats-io/nats-core"),
    import("./brokers/nats-transport.ts"),
  ]);
  const { servers, user, password, token, nkey, credentials, tls, timeout } = options;
  const server = await connectNats({
    servers,
    name: "dms-task-bridge",
    reconnect: false,
    signal,
    // Leaves time for another server when one does not respond.
    timeout: Math.ceil(timeout / 4),
    ...(user !== undefined && password !== undefined && { user, pass: password }),
    ...(token !== undefined && { token }),
    ...(nkey !== undefined && { authenticator: nkeyAuthenticator(Buffer.from(nkey)) }),
    ...(credentials !== undefined && { authenticator: credsAuthenticator(Buffer.from(credentials)) }),
    ...(tls && { tls: tlsSettings(tls) }),
  });
  return { server, newHeaders: () => headers() };
}
