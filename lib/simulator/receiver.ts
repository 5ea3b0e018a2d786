import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { CloudEvent } from "../change/event.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { parseJson } from "../text/json.ts";

/** A response to one delivery. */
export interface Reply {
  /** @default 204 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Wait before responding, milliseconds. */
  readonly delayMs?: number;
  /** Never responds. */
  readonly hang?: boolean;
  /** Breaks the connection instead of responding. */
  readonly reset?: boolean;
}

/** One received delivery. */
export interface Delivery {
  /** From 1, in order of arrival. */
  readonly number: number;
  readonly receivedAtMs: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly mode: "structured" | "binary" | "batch" | "unknown";
  /** Empty when the body holds no events. */
  readonly events: readonly CloudEvent[];
  /** Whether the signature is valid; null when the receiver has no secret. */
  readonly verified: boolean | null;
}

/** Options of a receiver. */
export interface ReceiverOptions {
  /** @default 0, which takes any free port */
  readonly port?: number;
  /** Secret (`whsec_…`) that deliveries are verified with. @default signatures are not checked */
  readonly secret?: string;
  /** The response to the nth delivery, from 1. @default 204; 400 for no CloudEvent; 401 for a wrong signature */
  readonly respond?: (number: number, delivery: Delivery) => Reply;
  /** Called for each delivery before its response. @default not called */
  readonly onDelivery?: (delivery: Delivery) => void;
  /** @default the system's clock */
  readonly clock?: Clock;
}

/** A running webhook receiver. */
export interface Receiver {
  readonly url: string;
  /** All deliveries, in order. */
  readonly deliveries: readonly Delivery[];
  /** The events of all deliveries, in order, repeats included. */
  events(): readonly CloudEvent[];
  /** Number of connections opened since the start. */
  connections(): number;
  close(): Promise<void>;
}

/** A webhook receiver on loopback that records deliveries: for the demo, for tests, and for users who try their sinks. */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const { port = 0, secret = null, respond = plainReply, onDelivery, clock = systemClock } = options;
  const deliveries: Delivery[] = [];
  const closing = new AbortController();
  let connections = 0;

  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (body === null) return;
    const receivedAtMs = clock.now();
    const { headers } = request;
    const verified = secret === null ? null : isVerified(secret, headers, body, receivedAtMs);
    const delivery: Delivery = {
      number: deliveries.length + 1,
      receivedAtMs,
      headers,
      body,
      ...parseEvents(headers, body),
      verified,
    };
    deliveries.push(delivery);
    onDelivery?.(delivery);
    const reply = respond(delivery.number, delivery);
    if (reply.delayMs !== undefined) await clock.sleep(reply.delayMs, closing.signal);
    send(reply, request, response);
  });
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/events`,
    deliveries,
    events: () => deliveries.flatMap(({ events }) => events),
    connections: () => connections,
    async close() {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function plainReply(_number: number, { verified, events }: Delivery): Reply {
  if (verified === false) return { status: 401, body: "wrong signature" };
  return events.length === 0 ? { status: 400, body: "no CloudEvent" } : { status: 204 };
}

/** Null when the sender disconnected before the end. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ECONNRESET") return null;
    throw error;
  }
  return Buffer.concat(chunks).toString();
}

function send(reply: Reply, request: IncomingMessage, response: ServerResponse): void {
  if (reply.reset) request.socket.destroy();
  else if (!reply.hang) response.writeHead(reply.status ?? 204, reply.headers).end(reply.body);
}

function parseEvents(headers: IncomingHttpHeaders, body: string): Pick<Delivery, "mode" | "events"> {
  const type = headers["content-type"] ?? "";
  const content = parseJson(body);
  const of = (mode: Delivery["mode"], found: readonly unknown[]) => ({ mode, events: found.filter(isEvent) });
  if (type.startsWith("application/cloudevents-batch+json")) {
    return of("batch", Array.isArray(content) ? content : []);
  }
  if (type.startsWith("application/cloudevents+json")) return of("structured", [content]);
  if (headers["ce-id"] === undefined) return of("unknown", []);
  return of("binary", [{ ...attributesOf(headers), datacontenttype: type, data: content }]);
}

const attributesOf = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith("ce-") ? [[name.slice(3), decodeURIComponent(String(value))]] : [],
    ),
  );

const isEvent = (value: unknown): value is CloudEvent =>
  typeof value === "object" &&
  value !== null &&
  "specversion" in value &&
  value.specversion === "1.0" &&
  "id" in value &&
  "type" in value &&
  "source" in value;

const toleranceSeconds = 300;

/** Verifies Standard Webhooks without the sink's own code, so that the demo can detect a mistake in it. */
function isVerified(secret: string, headers: IncomingHttpHeaders, body: string, nowMs: number): boolean {
  const [id, timestamp, signatures] = ["id", "timestamp", "signature"].map((name) =>
    String(headers[`webhook-${name}`] ?? ""),
  );
  if (Math.abs(Math.floor(nowMs / 1_000) - Number(timestamp)) > toleranceSeconds) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = Buffer.from(
    `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`,
  );
  return (signatures ?? "").split(" ").some((text) => {
    const given = Buffer.from(text);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
