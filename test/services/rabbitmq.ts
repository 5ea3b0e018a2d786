import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "./programs.ts";
import { accepts, freePort, type Server, serverFolder, startServer } from "./server.ts";

/** A RabbitMQ node on loopback, without plugins; queues, messages and its log are in its folder. */
export interface RabbitMq extends Server {
  readonly host: string;
  /** A user who may do everything. */
  readonly adminUrl: string;
  /** Starts it again where it was, after `kill`. */
  restart(): Promise<void>;
  /** `rabbitmqctl` with these arguments; what it printed. */
  ctl(...args: readonly string[]): Promise<string>;
}

/** Debian's wrappers of the same names change to another user, who could not write to our folder. */
const program = (name: string): string => findProgram(`/usr/lib/rabbitmq/bin/${name}`) ?? name;
const admin = { username: "admin", password: "admin-password" } as const;

export async function startRabbitMq(config = ""): Promise<RabbitMq> {
  const folder = await serverFolder("rabbitmq");
  const [port, distPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  await writeFile(
    join(folder, "rabbitmq.conf"),
    `listeners.tcp.1 = 127.0.0.1:${port}\ndefault_user = ${admin.username}\ndefault_pass = ${admin.password}\n${config}`,
  );
  await writeFile(join(folder, "plugins"), "[].");
  const environment = {
    RABBITMQ_NODENAME: `trial-${port}@localhost`,
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_CONF_ENV_FILE: join(folder, "none"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
    RABBITMQ_MNESIA_BASE: join(folder, "data"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_PID_FILE: join(folder, "pid"),
    RABBITMQ_DIST_PORT: String(distPort),
    ERL_EPMD_PORT: String(epmdPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}",
  };
  // Erlang would start this port mapper itself, as a daemon that outlives the server.
  const mapper = await startServer({
    program: "epmd",
    args: ["-port", String(epmdPort), "-address", "127.0.0.1"],
    folder,
    isReady: accepts(epmdPort),
  });
  const start = (): Promise<Server> =>
    startServer({
      program: program("rabbitmq-server"),
      args: [],
      environment,
      folder,
      isReady: accepts(port),
    });
  let server = await start().catch(async (error: unknown) => {
    await mapper.stop();
    throw error;
  });
  return {
    host: `127.0.0.1:${port}`,
    adminUrl: `amqp://${admin.username}:${admin.password}@127.0.0.1:${port}`,
    kill: () => server.kill(),
    stop: async () => {
      await server.kill();
      await mapper.stop();
    },
    restart: async () => {
      server = await start();
    },
    ctl: async (...args) => {
      const env = { PATH: process.env["PATH"], HOME: folder, ...environment };
      const { stdout } = await promisify(execFile)(program("rabbitmqctl"), ["-q", ...args], { env });
      return stdout;
    },
  };
}
