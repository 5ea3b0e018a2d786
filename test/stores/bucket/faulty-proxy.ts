import { createServer, type IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import { Agent } from "undici";
import { listen } from "../../harness/servers.ts";

export type Operation = "create" | "put" | "get" | "list" | "remove";

/** What befalls one call: the store never sees it, its answer never arrives, or a listing is the one given before. */
export type ProxyFault = "unavailable" | "lose-request" | "lose-answer" | "stale";

export interface FaultyProxy {
  readonly origin: string;
  /** Operations that reached the proxy, in order. */
  readonly calls: Operation[];
  /** One for each of the next calls of the operation. */
  readonly faults: { readonly operation: Operation; readonly fault: ProxyFault }[];
  close(): Promise<void>;
}

/** Stands before an object store. Requests go through as they are, since they are signed. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const calls: Operation[] = [];
  const faults: FaultyProxy["faults"] = [];
  const listings = new Map<string, Buffer>();
  const dispatcher = new Agent();
  const server = createServer(async (incoming, outgoing) => {
    const { method = "", url = "", headers } = incoming;
    const body = await buffer(incoming);
    const operation = operationOf(method, url, headers);
    calls.push(operation);
    const index = faults.findIndex((each) => each.operation === operation);
    const fault = index < 0 ? null : (faults.splice(index, 1)[0]?.fault ?? null);
    const before = listings.get(url);
    if (fault === "unavailable")
      return void outgoing.writeHead(503).end("<Error><Code>SlowDown</Code></Error>");
    if (fault === "lose-request") return void incoming.socket.destroy();
    if (fault === "stale" && before) return void outgoing.writeHead(200).end(before);
    const { connection: _, "transfer-encoding": __, expect: ___, ...passed } = headers;
    const answer = await dispatcher.request({
      origin: target,
      path: url,
      method: method as "GET",
      headers: passed,
      body: body.length > 0 ? body : null,
    });
    const text = Buffer.from(await answer.body.arrayBuffer());
    if (operation === "list") listings.set(url, text);
    if (fault === "lose-answer") return void incoming.socket.destroy();
    const code = answer.headers["x-obs-error-code"];
    outgoing.writeHead(answer.statusCode, code === undefined ? {} : { "x-obs-error-code": code });
    outgoing.end(text);
  });
  const { origin, close } = await listen(server);
  return {
    origin,
    calls,
    faults,
    close: async () => {
      await close();
      await dispatcher.close();
    },
  };
}

function operationOf(method: string, url: string, headers: IncomingHttpHeaders): Operation {
  if (method === "DELETE") return "remove";
  if (method === "GET") return url.includes("max-keys=") ? "list" : "get";
  return url.includes("append") || headers["if-none-match"] === "*" ? "create" : "put";
}
