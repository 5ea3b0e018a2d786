import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const cli = fileURLToPath(new URL("../../functions/cli.ts", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  /** Resolves with all of stdout, or stderr, once it matches; the test's own time limit bounds it. */
  said(stream: "out" | "err", pattern: RegExp): Promise<string>;
  kill(signal: "SIGINT" | "SIGTERM"): void;
  /** Reads stdout no longer, as `head` does. */
  closeOut(): void;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  /** All of stdin; without it there is none. */
  readonly input?: string;
}

/** The command line as its users start it, in a process of its own, with nothing of this one's environment but PATH. */
export function start(
  args: readonly string[],
  { cwd, env = {}, nodeOptions = [], input }: StartOptions = {},
): Running {
  const options = ["--disable-warning=ExperimentalWarning", ...nodeOptions];
  const environment = { PATH: process.env["PATH"], ...env };
  return running(spawn(process.execPath, [...options, cli, ...args], { cwd, env: environment }), input);
}

/** A process under the test's eyes, which ends with the test at the latest. */
export function running(child: ChildProcessWithoutNullStreams, input?: string): Running {
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin.end(input);
  const streams = { out: child.stdout.setEncoding("utf8"), err: child.stderr.setEncoding("utf8") };
  const heard = { out: "", err: "" };
  for (const name of ["out", "err"] as const) {
    streams[name].on("data", (text: string) => {
      heard[name] += text;
    });
  }
  return {
    ended: new Promise((resolve, reject) => {
      child.once("error", reject).once("close", (code) => resolve({ code, ...heard }));
    }),
    said: (name, pattern) =>
      new Promise((resolve) => {
        const look = () => pattern.test(heard[name]) && resolve(heard[name]);
        streams[name].on("data", look);
        look();
      }),
    kill: (signal) => child.kill(signal),
    closeOut: () => child.stdout.destroy(),
  };
}

export const run = (args: readonly string[], options?: StartOptions): Promise<Ended> =>
  start(args, options).ended;

/** The command line on a terminal of so many columns, without colours; its output is what the terminal shows. */
export function runOnTerminal(
  args: readonly string[],
  columns: number,
  { cwd, env = {} }: StartOptions = {},
): Promise<Ended> {
  const words = [process.execPath, "--disable-warning=ExperimentalWarning", cli, ...args];
  const command = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const script = spawn("script", ["-qec", `stty cols ${columns} rows 40; ${command}`, "/dev/null"], {
    cwd,
    env: { PATH: process.env["PATH"], NO_COLOR: "1", TERM: "xterm", ...env },
  });
  return running(script).ended;
}
