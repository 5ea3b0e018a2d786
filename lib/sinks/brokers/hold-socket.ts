import type { Duplex } from "node:stream";

/**
 * Destroys the socket when one of its listeners throws. Uncaught, the error would end the process: client parsers
 * throw on malformed data.
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
