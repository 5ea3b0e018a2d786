import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { Agent } from "undici";
import { onTestFinished } from "vitest";
import { type AwsClient, openAws } from "../../lib/aws/client.ts";

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** `hang` answers nothing, `drop` breaks the connection, `garble` speaks no HTTP. */
export type Reply =
  | "hang"
  | "drop"
  | "garble"
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown };

export interface Loopback {
  readonly origin: string;
  readonly seen: Seen[];
}

/** A reply, or what makes one of the request. */
export type Answering = Reply | ((request: Seen) => Reply);

/** A server that answers in the order given, its last reply for ever. */
export async function serve(...replies: [Answering, ...Answering[]]): Promise<Loopback> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString();
    const { method = "", url: path = "", headers } = request;
    const asked = { method, path, headers, body };
    const answering = replies[seen.push(asked) - 1] ?? replies.at(-1);
    const reply = typeof answering === "function" ? answering(asked) : answering;
    if (reply === undefined || reply === "hang") return;
    if (reply === "drop") {
      request.socket.destroy();
      return;
    }
    if (reply === "garble") {
      request.socket.end("I am a mail server\r\n");
      return;
    }
    response.writeHead(reply.status ?? 200, {
      "content-type": "application/x-amz-json-1.1",
      ...reply.headers,
    });
    response.end(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

export const nowMs = Date.parse("2026-11-24T12:00:00Z");
export const accessKey = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "planted-secret-key" };

export interface Opened {
  readonly aws: AwsClient;
  /** Every wait between two attempts, milliseconds. */
  readonly waits: readonly number[];
  readonly clock: { nowMs: number };
}

/** A client whose waits take no time and whose jitter is always the most. */
export function open(env: Readonly<Record<string, string>>): Opened {
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.destroy());
  const waits: number[] = [];
  const clock = { nowMs };
  const aws = openAws({
    env: { AWS_REGION: "eu-west-1", ...env },
    dispatcher,
    random: () => 1,
    clock: {
      now: () => clock.nowMs,
      sleep: async (ms) => {
        waits.push(ms);
      },
    },
  });
  return { aws, waits, clock };
}
