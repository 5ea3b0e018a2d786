import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { onTestFinished } from "vitest";

/** Where a server listens that takes connections and says nothing. */
export const silentServer = (): Promise<string> => listening(createServer());

/** Where a server listens that speaks another protocol. */
export const httpServer = (): Promise<string> => listening(createHttpServer((_, response) => response.end()));

/** `host:port` of a server until the test ends. */
export async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `127.0.0.1:${address.port}`;
}
