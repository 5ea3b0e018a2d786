import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Running, running, type StartOptions } from "../harness/cli.ts";

const cli = fileURLToPath(new URL("../../functions/cli.ts", import.meta.url));

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** The command line on a terminal of its own, by util-linux's `script`: what a person types is `input`. */
export function onTerminal(
  args: readonly string[],
  options: StartOptions & { readonly columns?: number } = {},
): Running {
  const { cwd, env = {}, input, columns = 80 } = options;
  const words = [process.execPath, "--disable-warning=ExperimentalWarning", cli, ...args]
    .map(quoted)
    .join(" ");
  const command = `stty cols ${columns}; ${words}`;
  const environment = { PATH: process.env["PATH"], TERM: "xterm", NO_COLOR: "1", ...env };
  return running(spawn("script", ["-qec", command, "/dev/null"], { cwd, env: environment }), input);
}
