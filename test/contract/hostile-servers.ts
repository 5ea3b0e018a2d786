import { connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { listening } from "../harness/servers.ts";
import type { Certificate } from "../services/certificate.ts";

/** What one connection meets. */
export type Manner = (socket: Socket) => void;

/** A server that misbehaves, and whether its clients have gone. */
export interface HostileServer {
  /** `host:port`. */
  readonly host: string;
  /** Resolves once no connection is open. */
  quiet(): Promise<void>;
}

/** Listens on loopback until the test ends; with a certificate by TLS. */
export async function hostileServer(
  manner: Manner,
  certificate?: Pick<Certificate, "key" | "cert">,
): Promise<HostileServer> {
  const open = new Set<Socket>();
  const behave = (socket: Socket): void => {
    socket.on("error", () => {});
    manner(socket);
  };
  // What a client sends is read, or its end would not be noticed.
  const accept = (socket: Socket): void => {
    open.add(socket.on("error", () => {}));
    socket.once("close", () => open.delete(socket));
  };
  const server: Server = certificate ? createTlsServer(certificate, behave) : createServer(behave);
  server.on("connection", accept).on("tlsClientError", () => {});
  const { host } = await listening(server);
  return {
    host,
    async quiet() {
      const closing = [...open].map(
        (socket) => new Promise<void>((resolve) => void socket.once("close", () => resolve())),
      );
      await Promise.all(closing);
    },
  };
}

const answering =
  (answer: Buffer | string): Manner =>
  (socket) =>
    void socket.resume().write(answer);

/** By TLS no more than an end without a goodbye. */
const reset = (socket: Socket): void =>
  void (socket instanceof TLSSocket ? socket.destroy() : socket.resetAndDestroy());

const page = "<!doctype html><html><body>Sign in to continue</body></html>";

/** A fixed row of bytes without a pattern. */
function noise(seed: number): Buffer {
  let state = seed;
  return Buffer.from(
    Array.from({ length: 8_192 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
}

/** Those that know no protocol. Each is no more than the network's fault. */
export const manners: Readonly<Record<string, Manner>> = {
  "closes at once": (socket) => void socket.resume().end(),
  "resets at once": (socket) => void reset(socket),
  "closes on the first words": (socket) => void socket.once("data", () => socket.end()),
  "resets on the first words": (socket) => void socket.once("data", () => reset(socket)),
  "says nothing": (socket) => void socket.resume(),
  "ends its half at once and says nothing": (socket) => {
    socket.allowHalfOpen = true;
    socket.resume().end();
  },
  "repeats what it hears": (socket) => void socket.pipe(socket),
  "answers zeros": answering(Buffer.alloc(8_192)),
  "answers one zero": answering(Buffer.alloc(1)),
  "answers five zeros": answering(Buffer.alloc(5)),
  "answers ones": answering(Buffer.alloc(8_192, 0xff)),
  "announces the greatest length": answering(Buffer.from("7fffffff00000001", "hex")),
  "announces a negative length": answering(Buffer.from("80000000ffffffff00", "hex")),
  "answers noise": answering(noise(1)),
  "answers other noise": answering(noise(2)),
  "answers more noise, on the first words": (socket) =>
    void socket.once("data", () => socket.write(noise(3))),
  "answers HTTP": answering(`HTTP/1.1 400 Bad Request\r\nContent-Length: ${page.length}\r\n\r\n${page}`),
  "answers a page": answering(page),
  "answers a line": answering("OK\r\n"),
  "answers JSON": answering('{"status":"ok"}\n'),
  "never stops": (socket) => {
    const more = (): void => {
      if (!socket.destroyed) socket.write(noise(4), () => setImmediate(more));
    };
    more();
    socket.resume();
  },
};

/** Between a client and a real server: what the server says is changed, or cut off, on its way. */
export function relay(
  behind: string,
  change: (chunk: Buffer, told: number, client: Socket) => Buffer | null,
): Manner {
  return (client) => {
    const server = connect({ port: Number(behind.split(":").at(-1)), host: "127.0.0.1" });
    let told = 0;
    server.on("error", () => client.destroy());
    client.on("close", () => server.destroy());
    server.on("close", () => client.end());
    client.on("data", (chunk) => void server.write(chunk));
    server.on("data", (chunk) => {
      const changed = change(asOwn(chunk, behind, client), told, client);
      told += chunk.length;
      if (changed && !client.destroyed) client.write(changed);
    });
  };
}

/** Kafka names itself in its answers: where it does, the relay's own port stands in for it. */
function asOwn(chunk: Buffer, behind: string, { localPort = 0 }: Socket): Buffer {
  const at = chunk.indexOf(portBytes(Number(behind.split(":").at(-1))));
  return at < 0
    ? chunk
    : Buffer.concat([chunk.subarray(0, at), portBytes(localPort), chunk.subarray(at + 4)]);
}

function portBytes(port: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(port);
  return bytes;
}

/** The server's words end after so many bytes: by a reset, or in silence. */
export const cutAfter = (behind: string, bytes: number, how: "reset" | "close" | "freeze"): Manner => {
  const end = (client: Socket): void => {
    if (how === "reset") reset(client);
    else if (how === "close") client.end();
  };
  return (client) => {
    if (bytes === 0) {
      client.resume();
      return void client.once("data", () => end(client));
    }
    relay(behind, (chunk, told, to) => {
      if (told >= bytes) return null;
      const rest = chunk.subarray(0, bytes - told);
      if (told + chunk.length < bytes) return rest;
      if (how !== "freeze") to.write(rest, () => end(to));
      return how === "freeze" ? rest : null;
    })(client);
  };
};
