import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { freePort } from "../../services/server.ts";

export interface SilentServer {
  /** `host:port`. */
  readonly host: string;
  /** Resolves when the first client has hung up. */
  readonly leftAlone: Promise<void>;
}

/** Takes connections on loopback and says nothing. */
export async function silentServer(): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  const server = createServer();
  const leftAlone = new Promise<void>((resolve) => {
    server.on("connection", (socket) => {
      sockets.add(socket.on("error", () => {}).resume());
      socket.once("close", () => resolve());
    });
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host: `127.0.0.1:${port}`, leftAlone };
}
