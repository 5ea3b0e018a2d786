import type { Duplex } from "node:stream";

/**
 * Ends the socket when one of its listeners throws, which would end the process: a client's parser throws on what no
 * broker says.
 */
export function holdSocket(socket: Duplex): void {
  const emit = socket.emit.bind(socket);
  socket.emit = (...args: Parameters<Duplex["emit"]>): boolean => {
    try {
      return emit(...args);
    } catch (error) {
      socket.destroy(error instanceof Error ? error : undefined);
      return true;
    }
  };
}
