import { Option } from "commander";
import type { CommandLine } from "../command-line.ts";
import { examples } from "../command-line.ts";
import type { CompletionOptions } from "../commands/completion.ts";
import type { InitOptions } from "../commands/init.ts";

/** Commands that prepare a configuration. */
export function setupCommands({ root, run }: CommandLine): void {
  root.commandsGroup("Set up:");

  root
    .command("init")
    .description("write a configuration to begin with; asks for what the options leave out")
    .option("--engine <engine>", "what the instances run: rabbitmq, kafka, rocketmq or dcs")
    .option("--region <region>", "where they are, such as cn-north-4")
    .option("--to <type>", "where the events go: slack, webhook, kafka, ...")
    .option("--force", "write over what is there")
    .addHelpText("after", examples("init", "init --engine kafka --region cn-north-4 --to slack"))
    .action((options: InitOptions) =>
      run(async (context) => (await import("../commands/init.ts")).init(context, options)),
    );

  root
    .command("validate")
    .description("check a configuration offline, without its secrets")
    .argument("[file]", "configuration file, - for stdin (default: bridge.config.* here)")
    .addHelpText("after", examples("validate", "validate deploy/bridge.config.yaml", "validate --json"))
    .action((file: string | undefined) =>
      run(async (context) => (await import("../commands/validate.ts")).validate(context, file)),
    );

  root
    .command("completion")
    .description("print what completes commands, options, sinks and streams in a shell")
    .argument("<shell>", "bash, zsh or fish")
    .addOption(new Option("--line <text>", "print the words that may come next").hideHelp())
    .addHelpText(
      "after",
      [
        examples("completion bash > /etc/bash_completion.d/dms-task-bridge"),
        "  $ source <(dms-task-bridge completion zsh)",
        "  $ dms-task-bridge completion fish > ~/.config/fish/completions/dms-task-bridge.fish",
      ].join("\n"),
    )
    .action((shell: string, options: CompletionOptions) =>
      run(async (context) =>
        (await import("../commands/completion.ts")).completion(context, root, shell, options),
      ),
    );

  const schema = root
    .command("schema")
    .description("print a JSON Schema, or the events' AsyncAPI document")
    .addHelpText("after", examples("schema config", "schema event", "schema asyncapi"));
  schema
    .command("config")
    .description("of the configuration file")
    .addHelpText("after", examples("schema config > bridge.schema.json"))
    .action(() => run(async (context) => (await import("../commands/schema.ts")).configSchema(context)));
  schema
    .command("event")
    .description("of an event's data")
    .addHelpText("after", examples("schema event > task-event.schema.json"))
    .action(() => run(async (context) => (await import("../commands/schema.ts")).eventSchema(context)));
  schema
    .command("asyncapi")
    .description("of all events, as AsyncAPI 3.0")
    .addHelpText("after", examples("schema asyncapi > asyncapi.json"))
    .action(() => run(async (context) => (await import("../commands/schema.ts")).asyncApi(context)));
}
