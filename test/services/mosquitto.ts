import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "./programs.ts";
import { accepts, freePort, type Server, serverFolder, startServer } from "./server.ts";

/** Mosquitto; it forgets everything when it ends. */
export interface Mosquitto extends Server {
  readonly url: string;
  /** Starts it again where it was, after `kill`. */
  restart(): Promise<void>;
}

export interface MosquittoOptions {
  /** Who may connect; anyone where left out. */
  readonly users?: Readonly<Record<string, string>>;
  /** Lines added to the configuration. */
  readonly config?: readonly string[];
  /** Lines of the access control list. */
  readonly acl?: readonly string[];
}

export async function startMosquitto({ users, config = [], acl }: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = await serverFolder("mosquitto");
  const port = await freePort();
  const path = (name: string): string => join(folder, name);
  // Started by root it would drop to a user who cannot read the folder.
  const lines = [`listener ${port} 127.0.0.1`, "persistence false", "user root", ...config];
  if (users) {
    const passwords = Object.entries(users).map(([user, password]) => `${user}:${password}\n`);
    await writeFile(path("passwords"), passwords.join(""));
    await promisify(execFile)(findProgram("mosquitto_passwd") ?? "mosquitto_passwd", [
      "-U",
      path("passwords"),
    ]);
    lines.push("allow_anonymous false", `password_file ${path("passwords")}`);
  } else lines.push("allow_anonymous true");
  if (acl) {
    await writeFile(path("acl"), `${acl.join("\n")}\n`);
    lines.push(`acl_file ${path("acl")}`);
  }
  await writeFile(path("mosquitto.conf"), `${lines.join("\n")}\n`);
  const start = (): Promise<Server> =>
    startServer({
      program: "mosquitto",
      args: ["-c", path("mosquitto.conf")],
      folder,
      isReady: accepts(port),
    });
  let server = await start();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    kill: () => server.kill(),
    stop: () => server.stop(),
    restart: async () => {
      server = await start();
    },
  };
}
