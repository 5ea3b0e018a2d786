import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { listening } from "../../harness/servers.ts";

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
  const { host } = await listening(server);
  return { host, leftAlone };
}

/** Where a server listens that speaks another protocol. */
export const httpServer = async (): Promise<string> =>
  (await listening(createHttpServer((_, response) => response.end()))).host;
