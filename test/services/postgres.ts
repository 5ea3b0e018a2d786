import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chown, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { postgresProgram } from "./programs.ts";
import { freePort, serverFolder, startServer } from "./server.ts";

/** A PostgreSQL server on loopback with one user who has a password. */
export interface Postgres {
  readonly port: number;
  readonly folder: string;
  /** Gives a file or folder to the user whom the server runs as. */
  own(path: string): Promise<void>;
  /** For `sslmode`, and for another user or database than the first. */
  url(more?: { readonly sslmode?: string; readonly user?: string; readonly database?: string }): string;
  /** A connection of the first user, to be ended by its caller. */
  connect(): Promise<Client>;
  /** Runs statements as the first user on a connection of their own. */
  sql(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Ends all its processes at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again where it was, with more of its command line's options. */
  restart(...args: readonly string[]): Promise<void>;
  /** Stops all its processes where they are: connections stay open, and nothing answers. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  stop(): Promise<void>;
}

const run = promisify(execFile);
const user = "bridge";
/** No message may show it. */
export const password = "p@ss/w%rd: ?#";

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
const owner =
  process.getuid?.() === 0
    ? {
        uid: Number(execFileSync("id", ["-u", "postgres"], { encoding: "utf8" })),
        gid: Number(execFileSync("id", ["-g", "postgres"], { encoding: "utf8" })),
      }
    : undefined;

export async function startPostgres(...args: readonly string[]): Promise<Postgres> {
  const folder = await serverFolder("postgres");
  const passwordFile = join(folder, "password");
  await writeFile(passwordFile, password);
  const own: Postgres["own"] = async (path) => {
    if (owner) await chown(path, owner.uid, owner.gid);
  };
  for (const path of [folder, passwordFile]) await own(path);
  const initial = ["-D", join(folder, "data"), "-U", user, "-E", "UTF8", "--locale=C", "-A", "scram-sha-256"];
  await run(postgresProgram("initdb"), [...initial, `--pwfile=${passwordFile}`, "--no-sync"], {
    cwd: folder,
    ...owner,
  });
  const port = await freePort();
  const url: Postgres["url"] = ({ sslmode = "disable", user: other = user, database = "postgres" } = {}) =>
    `postgres://${other}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}?sslmode=${sslmode}`;
  const connect: Postgres["connect"] = async () => {
    const client = new Client({ host: "127.0.0.1", port, user, password, database: "postgres" });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  const sql: Postgres["sql"] = async (text) => {
    const client = await connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };
  const isReady = () =>
    sql("SELECT 1").then(
      () => true,
      () => false,
    );
  const start = (more: readonly string[]) =>
    startServer({
      program: postgresProgram("postgres"),
      // A process that is killed leaves its writes to the system: only a machine that fails needs fsync.
      args: [
        "-D",
        join(folder, "data"),
        "-h",
        "127.0.0.1",
        "-p",
        String(port),
        "-k",
        folder,
        "-F",
        ...args,
        ...more,
      ],
      folder,
      user: owner,
      isReady,
    });
  let server = await start([]);

  /** The server has a process for each connection; one that stands still starts no more. */
  const processes = async (): Promise<readonly number[]> => {
    signalOne(server.pid, "SIGSTOP");
    const children = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, "utf8");
    return [server.pid, ...children.split(" ").filter(Boolean).map(Number)];
  };
  const signalAll = async (signal: NodeJS.Signals): Promise<void> => {
    for (const pid of await processes()) signalOne(pid, signal);
  };
  const kill = async (): Promise<void> => {
    const pids = await processes().catch(unlessGone);
    for (const pid of pids ?? []) signalOne(pid, "SIGKILL");
    await server.kill();
    // Their shared memory is free once all are gone.
    while (pids?.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return {
    port,
    folder,
    own,
    url,
    connect,
    sql,
    kill,
    restart: async (...more) => {
      server = await start(more);
    },
    freeze: () => signalAll("SIGSTOP"),
    thaw: () => signalAll("SIGCONT"),
    stop: async () => {
      await kill();
      await server.stop();
    },
  };
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    unlessGone(error);
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    unlessGone(error);
    return false;
  }
}

/** A connection's process ends with the connection. */
function unlessGone(error: unknown): void {
  if (!(error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "ENOENT")))
    throw error;
}
