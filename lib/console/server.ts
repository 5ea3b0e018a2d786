import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as v from "valibot";
import { bodyWithin } from "../net/request-body.ts";
import { languages } from "../sinks/chat/text.ts";
import { logDefect } from "../telemetry/defect.ts";
import type { Log } from "../telemetry/log.ts";
import { parseJson } from "../text/json.ts";
import { type ConsoleAction, UnknownPart } from "./actions.ts";
import type { PageAssets } from "./assets.ts";
import type { Feed } from "./feed.ts";
import { type RefusedRequest, refusedCaller, refusedHost, safeHeaders } from "./guard.ts";
import type { MessageFrames } from "./messages.ts";
import type { ConsoleModel } from "./model/model.ts";
import { icon, indexHtml } from "./shell.ts";

const maxBodyBytes = 64 * 1024;

/** Parts that the console's server needs. */
export interface ServerParts {
  readonly model: ConsoleModel;
  readonly feed: Feed;
  readonly frames: MessageFrames;
  readonly assets: PageAssets;
  readonly token: string;
  readonly log: Log;
  /** Actions that change something, by name; refused unless the console allows changes. */
  readonly actions: Readonly<Record<string, ConsoleAction>>;
  /** Actions on the demo's simulator, always allowed. */
  readonly simulator: Readonly<Record<string, ConsoleAction>>;
  /** A sink's dead letters. */
  readonly deadLetters: (sink: string) => Promise<unknown>;
}

/** A server that listens. */
export interface ConsoleServer {
  readonly port: number;
  close(): void;
}

/** Serves the console's page and its data on loopback. Rejects with the system's error when the port is not free. */
export async function serveConsole(parts: ServerParts, port: number): Promise<ConsoleServer> {
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(safeHeaders)) response.setHeader(name, value);
    serve(parts, request, response).catch((error: unknown) => {
      logDefect(parts.log, "the console failed to answer", { path: pathOf(request) }, error);
      if (response.headersSent) response.destroy();
      else refuse(response, { status: 500, text: "the console failed; its log says why" });
    });
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const pathOf = ({ url = "/" }: IncomingMessage): string => url.split("?")[0] ?? "/";

async function serve(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = { method: request.method ?? "GET", headers: request.headers };
  const refused = refusedHost(asked);
  if (refused) return refuse(response, refused);
  const path = pathOf(request);
  if (path.startsWith("/api/")) {
    const denied = refusedCaller(asked, parts.token);
    if (denied) return refuse(response, denied);
    return asked.method === "POST" ? change(parts, path, request, response) : read(parts, request, response);
  }
  if (asked.method !== "GET" && asked.method !== "HEAD")
    return refuse(response, { status: 405, text: "GET only" });
  return sendPage(parts, path, response);
}

function sendPage({ assets, frames }: ServerParts, path: string, response: ServerResponse): void {
  switch (path) {
    case "/":
      send(response, 200, "text/html", indexHtml);
      return;
    case "/page.js":
      send(response, 200, "text/javascript", assets.script);
      return;
    case "/page.css":
      send(response, 200, "text/css", assets.style);
      return;
    case "/icon.svg":
      send(response, 200, "image/svg+xml", icon);
      return;
  }
  const drawn = path.startsWith("/message/") ? frames.take(path.slice("/message/".length)) : null;
  if (drawn) {
    response.setHeader("content-security-policy", drawn.policy);
    response.setHeader("x-frame-options", "SAMEORIGIN");
    send(response, 200, "text/html", drawn.html);
  } else refuse(response, { status: 404, text: "there is no such page" });
}

async function read(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { model, feed, deadLetters } = parts;
  const query = new URLSearchParams(request.url?.split("?")[1] ?? "");
  const id = query.get("id") ?? "";
  switch (pathOf(request)) {
    case "/api/feed": {
      const last = request.headers["last-event-id"];
      if (feed.add(response, typeof last === "string" ? last : undefined)) return;
      return refuse(response, { status: 503, text: "too many pages are open" });
    }
    case "/api/task":
      return sendFound(response, model.task(id));
    case "/api/event":
      return sendFound(response, model.event(id));
    case "/api/dead-letters":
      return sendFound(response, await deadLetters(query.get("sink") ?? ""));
    default:
      return refuse(response, { status: 404, text: "there is no such call" });
  }
}

const messageRequest = v.strictObject({
  event: v.string(),
  sink: v.string(),
  language: v.picklist(languages),
});

async function change(
  parts: ServerParts,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request);
  if (body === undefined) return refuse(response, { status: 400, text: "the body is not JSON, or too long" });
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (path === "/api/message") return drawMessage(parts, body, response);
  const found = actionAt(parts, path, name);
  if ("status" in found) return refuse(response, found);
  const input = v.safeParse(found.schema, body);
  if (!input.success) return refuse(response, { status: 400, text: `${name}: ${v.summarize(input.issues)}` });
  try {
    sendFound(response, (await found.run(input.output as never)) ?? {});
  } catch (error) {
    if (!(error instanceof UnknownPart)) throw error;
    refuse(response, { status: 404, text: error.message });
  }
}

function actionAt(
  { actions, simulator, model }: ServerParts,
  path: string,
  name: string,
): ConsoleAction | RefusedRequest {
  const among = (table: Readonly<Record<string, ConsoleAction>>): ConsoleAction | RefusedRequest =>
    (Object.hasOwn(table, name) ? table[name] : undefined) ?? {
      status: 404,
      text: "there is no such action",
    };
  if (path === `/api/simulator/${name}`) return among(simulator);
  if (path !== `/api/actions/${name}`) return { status: 404, text: "there is no such call" };
  if (!model.meta.allowsChanges) return { status: 403, text: "start it with --allow-changes to allow this" };
  return among(actions);
}

async function drawMessage(
  { model, frames }: ServerParts,
  body: unknown,
  response: ServerResponse,
): Promise<void> {
  const asked = v.safeParse(messageRequest, body);
  if (!asked.success) return refuse(response, { status: 400, text: v.summarize(asked.issues) });
  const { event: eventId, sink, language } = asked.output;
  const event = model.cloudEvent(eventId);
  const id = event && (await frames.draw(event, sink, language));
  sendFound(response, id ? { url: `/message/${id}` } : null);
}

/** The request's JSON; undefined when it is something else. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  if (!request.headers["content-type"]?.startsWith("application/json")) return undefined;
  const body = await bodyWithin(request, maxBodyBytes);
  return body === null ? undefined : (parseJson(body) ?? undefined);
}

function sendFound(response: ServerResponse, found: unknown): void {
  if (found === null) refuse(response, { status: 404, text: "it is not known, or no longer kept" });
  else send(response, 200, "application/json", JSON.stringify(found));
}

const refuse = (response: ServerResponse, { status, text }: RefusedRequest): void =>
  send(response, status, "text/plain", `${text}\n`);

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { "content-type": `${type}; charset=utf-8` }).end(text);
}
