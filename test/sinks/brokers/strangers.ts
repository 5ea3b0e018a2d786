import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface SilentServer {
  /** `host:port`. */
  readonly host: string;
  /** Resolves when the first client has hung up. */
  readonly leftAlone: Promise<void>;
}

/** Takes connections on loopback and says nothing. */
export async function silentServer(): Promise<SilentServer> {
  const server = createServer();
  const leftAlone = new Promise<void>((resolve) => {
    server.on("connection", (socket) => socket.resume().once("close", () => resolve()));
  });
  return { host: await listening(server), leftAlone };
}

/** Where a server listens that speaks another protocol. */
export const httpServer = (): Promise<string> => listening(createHttpServer((_, response) => response.end()));

/** `host:port` of a server until the test ends, when its connections end too. */
export async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `127.0.0.1:${address.port}`;
}
