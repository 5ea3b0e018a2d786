import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { onTestFinished } from "vitest";

/** Where a server listens on loopback. */
export interface Listening {
  readonly port: number;
  /** `host:port`. */
  readonly host: string;
  readonly origin: string;
  /** Ends the server and its connections. */
  close(): Promise<void>;
}

/** Lets a server listen on a free port of loopback. Needs no test runner. */
export async function listen(server: Server): Promise<Listening> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket.on("error", () => {}));
    socket.once("close", () => open.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const host = `127.0.0.1:${port}`;
  return {
    port,
    host,
    origin: `http://${host}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** Closes what is opened when the test ends. */
export async function untilEnd<Opened extends { close(): unknown }>(
  opening: Opened | Promise<Opened>,
): Promise<Opened> {
  const opened = await opening;
  onTestFinished(async () => void (await opened.close()));
  return opened;
}

/** Lets a server listen on loopback until the test ends. */
export const listening = (server: Server): Promise<Listening> => untilEnd(listen(server));
