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
  /** Resolves with all of stdout, or stderr, once it is as expected; the test's own time limit bounds it. */
  said(stream: "out" | "err", expected: RegExp | ((text: string) => boolean)): Promise<string>;
  kill(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void;
  /** Reads stdout no longer, as `head` does. */
  closeOut(): void;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  /** All of stdin; without it there is none. */
  readonly input?: string;
  /** The width of a terminal without colours, by util-linux's `script`: stdout is what the terminal shows. */
  readonly columns?: number;
}

/**
 * The command line as its users start it, in a process of its own, with nothing of this one's environment but PATH.
 * Needs no test runner.
 */
export function launch(args: readonly string[], options: StartOptions = {}): Running {
  const { cwd, env = {}, nodeOptions = [], input, columns } = options;
  const words = [process.execPath, "--disable-warning=ExperimentalWarning", ...nodeOptions, cli, ...args];
  const environment = { PATH: process.env["PATH"], ...env };
  if (columns === undefined) {
    const [command = "", ...rest] = words;
    return running(spawn(command, rest, { cwd, env: environment }), input);
  }
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const script = ["-qec", `stty cols ${columns} rows 40; ${quoted}`, "/dev/null"];
  const terminal = { NO_COLOR: "1", TERM: "xterm", ...environment };
  return running(spawn("script", script, { cwd, env: terminal }), input);
}

/** The same, ended with the test at the latest. */
export function start(args: readonly string[], options?: StartOptions): Running {
  const running = launch(args, options);
  onTestFinished(() => running.kill("SIGKILL"));
  return running;
}

export const run = (args: readonly string[], options?: StartOptions): Promise<Ended> =>
  start(args, options).ended;

/** Runs the command line in a shell, whose redirections the line may have. */
export const runInShell = (line: string, options: Pick<StartOptions, "cwd"> = {}): Promise<Ended> => {
  const command = `"${process.execPath}" --disable-warning=ExperimentalWarning "${cli}" ${line}`;
  return running(spawn("sh", ["-c", command], { ...options, env: { PATH: process.env["PATH"] } })).ended;
};

/** A process and all that it says. */
export function running(child: ChildProcessWithoutNullStreams, input?: string): Running {
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
    said: (name, expected) =>
      new Promise((resolve) => {
        const isSaid = typeof expected === "function" ? expected : (text: string) => expected.test(text);
        const look = () => isSaid(heard[name]) && resolve(heard[name]);
        streams[name].on("data", look);
        look();
      }),
    kill: (signal) => void child.kill(signal),
    closeOut: () => void child.stdout.destroy(),
  };
}
