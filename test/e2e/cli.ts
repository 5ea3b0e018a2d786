import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../functions/cli.ts", import.meta.url));

type Environment = Readonly<Record<string, string>>;

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command line in a process of its own, with nothing of this one's environment but PATH. Needs no test runner. */
export const startCli = (args: readonly string[], cwd: string, environment: Environment = {}) =>
  spawn(process.execPath, ["--disable-warning=ExperimentalWarning", cli, ...args], {
    cwd,
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });

export async function runCli(
  args: readonly string[],
  cwd: string,
  environment: Environment = {},
): Promise<Ended> {
  const child = startCli(args, cwd, environment);
  const code = new Promise<number | null>((resolve, reject) => {
    child.once("close", resolve).once("error", reject);
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}
