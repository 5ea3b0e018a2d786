import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "./programs.ts";

/** A server of the test's own, in a process and a folder of its own. */
export interface Server {
  /** Ends the process at once, as a crash would; the folder stays. */
  kill(): Promise<void>;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

interface StartedServer extends Server {
  readonly pid: number;
}

export interface ServerOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Who it runs as; whoever runs the tests where left out. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Asked again and again until it is true. */
  readonly isReady: () => Promise<boolean>;
  /** Called with what the server writes. */
  readonly wrote?: (text: string) => void;
}

const readyWithinMs = 60_000;

/** Starts a server and waits until it is ready. Rejects, with what it wrote, when it ends before that. */
export async function startServer(options: ServerOptions): Promise<StartedServer> {
  const { program, args, environment, folder, user, isReady, wrote } = options;
  const path = findProgram(program);
  if (path === null) throw new Error(`${program} is not installed`);
  const child = spawn(path, args, {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    ...user,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4_000);
      wrote?.(text);
    });
  const ended = once(child, "exit");
  const kill = async (): Promise<void> => {
    // A server may be a script that starts the real one: the whole group goes.
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, "SIGKILL");
    await ended;
  };
  const deadlineMs = Date.now() + readyWithinMs;
  while (!(await isReady())) {
    if (child.exitCode !== null || Date.now() > deadlineMs) {
      await kill();
      throw new Error(`${program} did not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    pid: child.pid ?? 0,
    kill,
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A folder of the server's own, below the machine's temporary one. */
export const serverFolder = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `${name}-`));

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  probe.close();
  await once(probe, "close");
  return address.port;
}

/** Whether something on loopback takes connections on the port. */
export const accepts = (port: number) => (): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
