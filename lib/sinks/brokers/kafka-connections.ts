import type { Connection, ConnectionPool } from "@platformatic/kafka";
import { holdSocket } from "./hold-socket.ts";

/**
 * Ends each of the client's connections on its first error or when `signal` aborts. The client listens
 * for errors only while it connects, forgets the sockets of failed connections, and lets its parser's errors
 * on a malformed response end the process.
 */
export function holdConnections(pool: ConnectionPool, signal: AbortSignal): void {
  pool.on("connecting", ({ connection }: { readonly connection: Connection }) => {
    const cut = (): void => void connection.socket?.destroy();
    connection.on("error", cut);
    signal.addEventListener("abort", cut, { once: true });
    connection.once("close", () => signal.removeEventListener("abort", cut));
    // The client creates the socket right after this event.
    queueMicrotask(() => {
      if (signal.aborted) cut();
      else holdSocket(connection.socket);
    });
  });
}
