import { styleText } from "node:util";
import { Command, Option } from "commander";
import { suggestion } from "../config/check/suggest.ts";
import type { Level } from "../telemetry/log.ts";
import { type Body, examples } from "./command-line.ts";
import { type ConfigFlags, withCommand } from "./command-name.ts";
import { recordsCommands } from "./groups/records.ts";
import { runningCommands } from "./groups/running.ts";
import { setupCommands } from "./groups/setup.ts";
import { tryingCommands } from "./groups/trying.ts";
import type { Screen } from "./screen/output.ts";

/** Options of every command. */
export interface GlobalOptions extends ConfigFlags {
  readonly json?: true;
  readonly logLevel: Level;
  readonly debug?: true;
}

/** Parts that the program is made of. */
export interface ProgramParts {
  readonly version: string;
  readonly screen: Screen;
  /** Called once, with the parsed command. */
  start(options: GlobalOptions, body: Body): Promise<void>;
}

/** What was meant, for commander's refusal of a word that is none of an option's. */
function choiceHint(message: string): string {
  const [, found, choices] = /argument '(.*)' is invalid\. Allowed choices are (.*)\.$/s.exec(message) ?? [];
  return found && choices ? suggestion(found, choices.split(", ")) : "";
}

/** Builds the command line. Each command's file is loaded when it is called, so that `--help` loads none. */
export function program({ version, screen, start }: ProgramParts): Command {
  const root = new Command("dms-task-bridge")
    .description("Delivers the status changes of Huawei Cloud DMS background tasks as CloudEvents.")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "explain a command")
    .option(
      "-c, --config <file>",
      "configuration, - for stdin (default: bridge.config.{ts,js,json,yaml} here)",
    )
    .addOption(
      new Option(
        "--env-file <file>",
        "file of variables, one NAME=value per line; repeatable; the environment wins",
      ).argParser((file: string, before: readonly string[] = []) => [...before, file]),
    )
    .option("--json", "print results as JSON")
    .addOption(
      new Option("--log-level <level>", "minimum level of the log on stderr")
        .choices(["debug", "info", "warn", "error"])
        .default("warn"),
    )
    .option("--debug", "show the stack of an error")
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => styleText("bold", title) })
    .configureOutput({
      writeOut: (text) => screen.out.raw(withCommand(text, screen.out.command)),
      writeErr: (text) => screen.err.raw(withCommand(text, screen.err.command)),
      outputError: (text) => {
        // Only commander's own hint begins a line: an argument may contain line breaks.
        const [, message = "", hint] =
          /^(?:error: )?(.*?)(?:\n(\(Did you mean [^\n]*))?\n*$/s.exec(text) ?? [];
        screen.err.line(["red", "error: "], message, choiceHint(message));
        if (hint) screen.err.line(hint);
      },
    })
    .exitOverride()
    .addHelpCommand(
      new Command("help").argument("[command]").description("explain a command").helpGroup("Set up:"),
    )
    .addHelpText(
      "after",
      examples("demo --once", "poll --config bridge.config.yaml", "watch --interval 30s"),
    );

  const commandLine = { root, run: (body: Body) => start(root.opts<GlobalOptions>(), body) };
  for (const group of [setupCommands, tryingCommands, runningCommands, recordsCommands]) group(commandLine);
  return root;
}
