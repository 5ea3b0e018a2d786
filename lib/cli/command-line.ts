import { type Command, Option } from "commander";
import type { Context } from "./context.ts";
import type { ExitCode } from "./errors.ts";

/** A command's work, given its runtime environment. Resolves with the exit code. */
export type Body = (context: Context) => Promise<ExitCode>;

/** The command line that groups of commands are added to. */
export interface CommandLine {
  readonly root: Command;
  /** Runs a command's body under the global options. */
  run(body: Body): Promise<void>;
}

/** The examples at the end of a command's help. */
export const examples = (...lines: readonly string[]): string =>
  ["", "Examples:", ...lines.map((line) => `  $ dms-task-bridge ${line}`)].join("\n");

/** `-o wide`: whole ids, keys and messages instead of short ones. */
export const wideOption = (): Option =>
  new Option("-o, --output <format>", "wide: whole keys and messages").choices(["wide"]);

/** `--fail-on`: ends with exit code 1 where a condition holds. */
export const failOnOption = (): Option =>
  new Option(
    "--fail-on <conditions>",
    "exit with 1 when one holds: blocked, failing, unreadable, pending:15m",
  );
