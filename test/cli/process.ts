import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../functions/cli.ts", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
}

/** The command line as its users start it, in a process of its own, with nothing of this one's environment but PATH. */
export function start(args: readonly string[], { cwd, env = {}, nodeOptions = [] }: StartOptions = {}) {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", ...nodeOptions, cli, ...args],
    { cwd, env: { PATH: process.env["PATH"], ...env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const ended: Promise<Ended> = Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => child.once("close", resolve).once("error", reject)),
  ]).then(([out, err, code]) => ({ code, out, err }));
  return { child, ended };
}

export const run = (args: readonly string[], options?: StartOptions): Promise<Ended> =>
  start(args, options).ended;
