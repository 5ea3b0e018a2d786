import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { onTestFinished } from "vitest";
import { listening } from "../harness/servers.ts";
import type { Certificate } from "./certificate.ts";

/** How the proxy answers CONNECT: passes on, with a status, never, or by hanging up. */
export type ProxyConduct = "pass" | "hang" | "close" | "garble" | number;

export interface ProxyOptions {
  readonly conduct?: ProxyConduct;
  /** `user:password` that it asks for. */
  readonly login?: string;
  /** Speaks TLS itself. */
  readonly certificate?: Certificate;
}

export interface Proxy {
  /** With the login, where it asks for one. */
  readonly url: string;
  /** Without. */
  readonly origin: string;
  /** `host:port` of each CONNECT. */
  readonly asked: readonly string[];
  readonly logins: readonly (string | undefined)[];
  /** What was asked of it otherwise. */
  readonly requests: readonly string[];
}

/** An HTTP proxy on loopback. It leads every name to loopback, at the port that is asked for. */
export async function startProxy({
  conduct = "pass",
  login,
  certificate,
}: ProxyOptions = {}): Promise<Proxy> {
  const asked: string[] = [];
  const logins: (string | undefined)[] = [];
  const requests: string[] = [];
  const sockets = new Set<Duplex>();
  const server = certificate
    ? createTlsServer({ cert: certificate.cert, key: certificate.key })
    : createServer();
  server.on("connection", (socket: Socket) => hold(sockets, socket));
  server.on("request", ({ method, url }: IncomingMessage, response) => {
    requests.push(`${method} ${url}`);
    response.writeHead(405).end();
  });
  server.on("connect", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    hold(sockets, socket);
    asked.push(request.url ?? "");
    const given = request.headers["proxy-authorization"]?.replace(/^Basic /, "");
    logins.push(given && Buffer.from(given, "base64").toString());
    if (login !== undefined && logins.at(-1) !== login) return answer(socket, 407);
    if (conduct === "pass") return pass(request, socket, head, sockets);
    if (conduct === "close") socket.destroy();
    else if (conduct === "garble") socket.end("SSH-2.0-OpenSSH_9.2\r\n");
    else if (conduct !== "hang") answer(socket, conduct);
  });
  const { host } = await listening(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  const scheme = certificate ? "https" : "http";
  const url = `${scheme}://${login === undefined ? "" : `${login}@`}${host}`;
  return { url, origin: `${scheme}://${host}`, asked, logins, requests };
}

function hold(sockets: Set<Duplex>, socket: Duplex): void {
  sockets.add(socket);
  socket.on("error", () => {});
  socket.once("close", () => sockets.delete(socket));
}

/** With a body that quotes what it was sent, as error pages do. */
function answer(socket: Duplex, status: number): void {
  const page = "<html>denied: secret-login</html>";
  socket.end(`HTTP/1.1 ${status} Denied\r\ncontent-length: ${page.length}\r\n\r\n${page}`);
}

function pass({ url = "" }: IncomingMessage, socket: Duplex, head: Buffer, sockets: Set<Duplex>): void {
  const upstream = connect(Number(/:(\d+)$/.exec(url)?.[1]), "127.0.0.1", () => {
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  });
  hold(sockets, upstream);
  upstream.once("error", () => answer(socket, 502));
}
