import path from "node:path";
import { fileURLToPath } from "node:url";
import { getCallSites } from "node:util";
import { ConfigError } from "../core/errors.ts";
import type { ExitCode } from "./errors.ts";

/** The part of `process` that this uses. */
export interface ExitHost {
  exitCode?: number | string | null | undefined;
  cwd(): string;
  once(name: "exit", listener: () => void): unknown;
}

/** Parts of the guard. */
export interface ExitGuardParts {
  /** The configuration, as the command line names it: whose code it is where the stack does not tell. */
  readonly configFile: string | undefined;
  /** Aborts on a signal, which may end the process at any time. */
  readonly stop: AbortSignal;
  readonly report: (error: ConfigError) => ExitCode;
}

/**
 * Makes it an error when the process ends before the command, as it does where a configuration or a sink calls
 * `process.exit`. Returns what the command calls at its end: its exit code stays from then on.
 */
export function guardExit(
  host: ExitHost,
  { configFile = "the configuration", stop, report }: ExitGuardParts,
): () => void {
  let ended: Pick<ExitHost, "exitCode"> | null = null;
  host.once("exit", () => {
    if (ended) host.exitCode = ended.exitCode;
    else if (!stop.aborted) host.exitCode = report(earlyExit(callerPlace(host) ?? configFile));
  });
  return () => {
    ended = { exitCode: host.exitCode };
  };
}

const earlyExit = (field: string): ConfigError =>
  new ConfigError([
    {
      field,
      expected: "code that leaves the process running",
      found: "code that ends it (process.exit)",
    },
  ]);

const maxFrames = 64;

/** Where `process.exit` is called, as the stack tells during its event; null where it does not. */
function callerPlace(host: Pick<ExitHost, "cwd">): string | null {
  // The first two are this function and the listener.
  const caller = getCallSites(maxFrames)
    .slice(2)
    .find(({ scriptName }) => scriptName !== "" && !scriptName.startsWith("node:"));
  if (!caller) return null;
  const { scriptName, lineNumber, columnNumber } = caller;
  const file = scriptName.startsWith("file:") ? fileURLToPath(scriptName) : scriptName;
  return `${path.relative(host.cwd(), file)}:${lineNumber}:${columnNumber}`;
}
