import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { listening } from "./servers.ts";

/** A request as a fake server got it. */
export interface Seen {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Loopback {
  readonly origin: string;
  readonly seen: Seen[];
  /** Connections ever opened. */
  connections(): number;
}

/** A request's answer by hand; `number` counts requests from 1. */
export type Handler = (
  response: ServerResponse,
  request: IncomingMessage,
  seen: Seen,
  number: number,
) => void;

/** A server on loopback, until the test ends, that remembers what it is asked. */
export async function handle(handler: Handler): Promise<Loopback> {
  const seen: Seen[] = [];
  let connections = 0;
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString();
    const { method = "", url: path = "", headers } = request;
    const asked = { method, path, headers, body };
    handler(response, request, asked, seen.push(asked));
  });
  server.on("connection", () => {
    connections += 1;
  });
  const { origin } = await listening(server);
  return { origin, seen, connections: () => connections };
}

/** `hang` answers nothing, `drop` breaks the connection, `garble` speaks no HTTP. */
export type ServerReply =
  | "hang"
  | "drop"
  | "garble"
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown };

/** A reply, or what makes one of the request. */
export type Answering = ServerReply | ((request: Seen) => ServerReply);

/** A server that answers in the order given, its last reply for ever. */
export function serve(...replies: [Answering, ...Answering[]]): Promise<Loopback> {
  return handle((response, request, asked, number) => {
    const answering = replies[number - 1] ?? replies.at(-1);
    const reply = typeof answering === "function" ? answering(asked) : answering;
    if (reply === undefined || reply === "hang") return;
    if (reply === "drop") return void request.socket.destroy();
    if (reply === "garble") return void request.socket.end("I am a mail server\r\n");
    response.writeHead(reply.status ?? 200, {
      "content-type": "application/x-amz-json-1.1",
      ...reply.headers,
    });
    response.end(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body ?? {}));
  });
}
