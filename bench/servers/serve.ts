import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";

export interface Served {
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts a server on loopback, on a free port. */
export async function serve(listener: RequestListener): Promise<Served> {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
