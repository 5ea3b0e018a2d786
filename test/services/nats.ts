import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accepts, freePort, type Server, serverFolder, startServer } from "./server.ts";

/** A NATS server with JetStream, with its store in its folder. */
export interface Nats extends Server {
  /** `host:port`. */
  readonly address: string;
  /** Starts it again where it was, after `kill`. */
  restart(): Promise<void>;
}

/** `config` is added to what every server of the tests has. */
export async function startNats(config = ""): Promise<Nats> {
  const folder = await serverFolder("nats");
  const port = await freePort();
  const own = `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${folder}" }\n`;
  await writeFile(join(folder, "nats.conf"), `${own}${config}`);
  const start = (): Promise<Server> =>
    startServer({
      program: "nats-server",
      args: ["-c", join(folder, "nats.conf")],
      folder,
      isReady: accepts(port),
    });
  let server = await start();
  return {
    address: `127.0.0.1:${port}`,
    kill: () => server.kill(),
    stop: () => server.stop(),
    restart: async () => {
      server = await start();
    },
  };
}
