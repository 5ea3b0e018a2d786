import { accepts, freePort, type Server, serverFolder, startServer } from "./server.ts";

/** A Redis server on loopback that writes each command to its folder before it answers. */
export interface Redis extends Server {
  /** `host:port`. */
  readonly host: string;
  /** Starts it again where it was, after `kill`. */
  restart(): Promise<void>;
}

export async function startRedis(...args: readonly string[]): Promise<Redis> {
  const folder = await serverFolder("redis");
  const port = await freePort();
  const own = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder, "--save", ""];
  const durable = ["--appendonly", "yes", "--appendfsync", "always"];
  const start = (): Promise<Server> =>
    startServer({
      program: "redis-server",
      args: [...own, ...durable, ...args],
      folder,
      isReady: accepts(port),
    });
  let server = await start();
  return {
    host: `127.0.0.1:${port}`,
    kill: () => server.kill(),
    stop: () => server.stop(),
    restart: async () => {
      server = await start();
    },
  };
}
