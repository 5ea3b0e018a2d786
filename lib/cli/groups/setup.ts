import type { CommandLine } from "../command-line.ts";
import { examples } from "../command-line.ts";

/** Commands that prepare a configuration. */
export function setupCommands({ root, run }: CommandLine): void {
  root.commandsGroup("Set up:");

  const schema = root
    .command("schema")
    .description("print a JSON Schema")
    .addHelpText("after", examples("schema config", "schema event"));
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
}
