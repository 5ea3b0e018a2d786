import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import type { DeliveryResult, Refusal } from "../core/result.ts";
import { duration } from "../options/duration.ts";
import { described, filledText, wholeNumber } from "../options/fields.ts";
import { brokerAddress, brokerUrl, isTlsUrl, loginEntries } from "./brokers/address.ts";
import { brokerSink } from "./brokers/connection.ts";
import { brokerTimeout, tls } from "./brokers/options.ts";
import type { RedisClient } from "./brokers/redis-client.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const databaseExpectation = "a URL whose path is empty or a database's number";
const tlsExpectation = "a rediss URL where tls is set";
const windowExpectation = "a duration from 1s to 7d";

const fields = v.strictObject({
  url: v.pipe(
    brokerUrl(
      ["redis", "rediss"],
      "The server: `redis://host` (port 6379) or, over TLS, `rediss://host`. Its path is the database's number. A secret where it holds a password.",
    ),
    v.check((url) => /^\/?\d{0,5}$/.test(URL.parse(url)?.pathname ?? ""), databaseExpectation),
  ),
  ...loginEntries,
  tls: tls("Authorities and a client's certificate, for a rediss URL that needs them."),
  stream: described(filledText("a key"), "Key of the stream. It is created with the first event."),
  maxLength: v.optional(
    described(
      wholeNumber(1, 100_000_000),
      "Approximate number of entries that the stream keeps; older ones are trimmed.",
    ),
    100_000,
  ),
  repeatWindow: v.optional(
    described(
      v.pipe(duration(), v.minValue(1_000, windowExpectation), v.maxValue(604_800_000, windowExpectation)),
      "How long a repeated event adds no second entry.",
    ),
    "1h",
  ),
  timeout: brokerTimeout,
});

/** Schema of the options of a sink of type `redis`. */
export const schema = v.pipe(
  fields,
  v.forward(
    v.partialCheck([["url"], ["tls"]], ({ url, tls }) => tls === undefined || isTlsUrl(url), tlsExpectation),
    ["url"],
  ),
);

/** Checked options of a sink of type `redis`. */
export type RedisOptions = v.InferOutput<typeof schema>;

/** Below the smallest value limit a server may have, so an event that exceeds that limit was sent alone. */
const batch = { maxEvents: 100, maxBytes: 900_000 };

/**
 * Adds an entry unless the event's mark exists. The mark is set first: a user without the right to set it adds nothing.
 * When the entry is refused the script expires the mark at once, or the event would be lost.
 */
const addOnce = `
if not redis.call('SET', KEYS[2], '', 'NX', 'PX', ARGV[1]) then return 'repeat' end
local added = redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', unpack(ARGV, 3))
if type(added) == 'table' then redis.call('SET', KEYS[2], '', 'PX', 1) end
return type(added) == 'table' and added or 'added ' .. added`;

/** A marker that no echo or "OK" from a proxy could match. */
const proof = /^(repeat|added \d+-\d+)$/;

/** Adds each event to a stream as one entry, and skips repeats. */
export function create(name: SinkName, options: RedisOptions, { clock }: SinkDeps): Sink {
  const { stream, maxLength, repeatWindow } = options;
  const address = brokerAddress(options);
  const { origin } = address;
  // Hash tag, so that a cluster behind a proxy keeps the marks in the stream's slot.
  const marks = /\{[^}]+\}/.test(stream) ? stream : `{${stream}}`;

  /** The script is loaded by the first delivery. */
  let library: typeof import("./brokers/redis-client.ts") | null = null;
  const refusalOf = (error: unknown): Refusal | null => library?.redisRefusal(error, origin) ?? null;

  const command = (event: CloudEvent): string[] => [
    ...["EVAL", addOnce, "2", stream, `${marks}:sent:${event.id}`, String(repeatWindow), String(maxLength)],
    ...["id", event.id, "type", event.type, "subject", event.subject, "ce", JSON.stringify(event)],
  ];

  const add = async (client: RedisClient, event: CloudEvent): Promise<DeliveryResult> => {
    try {
      const response: unknown = await client.sendCommand(command(event));
      return proof.test(String(response)) ? { kind: "accepted" } : noProof(origin);
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal) throw error;
      // Redis closes the connection over such an event, shortly after its error.
      if (refusal.kind === "permanent" && client.isOpen) client.destroy();
      return refusal;
    }
  };

  return brokerSink<RedisClient>(
    name,
    {
      origin,
      timeoutMs: options.timeout,
      batch,
      async open(signal) {
        library = await import("./brokers/redis-client.ts");
        return library.openClient(address, { signal, tls: options.tls });
      },
      send: (client, events) => Promise.all(events.map((event) => add(client, event))),
      refusal: refusalOf,
      isLost: (client) => !client.isReady,
      close: async (client) => {
        if (client.isOpen) client.destroy();
      },
    },
    clock,
  );
}

const noProof = (origin: string): Refusal => ({
  kind: "retry",
  reason: "server_error",
  detail: `${origin}: not a Redis response to the script`,
});
