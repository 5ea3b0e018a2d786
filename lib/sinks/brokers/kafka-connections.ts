import type { Connection, ConnectionPool } from "@platformatic/kafka";
import { holdSocket } from "./hold-socket.ts";

/**
 * Sees to it that each connection of the client ends with its first error or with `signal`. The client itself listens
 * for errors only while it connects, forgets the sockets of connections that failed, and lets what its parser throws
 * on a malformed answer end the process.
 */
export function holdConnections(pool: ConnectionPool, signal: AbortSignal): void {
  pool.on("connecting", ({ connection }: { readonly connection: Connection }) => {
    const cut = (): void => void connection.socket?.destroy();
    connection.on("error", cut);
    signal.addEventListener("abort", cut, { once: true });
    connection.once("close", () => signal.removeEventListener("abort", cut));
    // The socket is made right after this event.
    queueMicrotask(() => {
      if (signal.aborted) cut();
      else holdSocket(connection.socket);
    });
  });
}
