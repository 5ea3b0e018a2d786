import { styleText } from "node:util";
import { Command, Option } from "commander";
import type { Level } from "../telemetry/log.ts";
import type { PreviewOptions } from "./commands/preview.ts";
import type { TasksOptions } from "./commands/tasks.ts";
import type { WatchOptions } from "./commands/watch.ts";
import type { Context } from "./context.ts";
import type { ExitCode } from "./errors.ts";
import type { Screen } from "./screen/output.ts";

export interface GlobalOptions {
  readonly config?: string;
  readonly json?: true;
  readonly logLevel: Level;
  readonly debug?: true;
}

type Body = (context: Context) => Promise<ExitCode>;

export interface ProgramParts {
  readonly version: string;
  readonly screen: Screen;
  /** Called once, with the parsed command. */
  start(options: GlobalOptions, body: Body): Promise<void>;
}

const examples = (...lines: readonly string[]): string =>
  ["", "Examples:", ...lines.map((line) => `  $ dms-task-bridge ${line}`)].join("\n");

/** Builds the command line. Each command's file is loaded when it is called, so that `--help` loads none. */
export function program({ version, screen, start }: ProgramParts): Command {
  const root = new Command("dms-task-bridge")
    .description("Delivers the status changes of Huawei Cloud DMS background tasks as CloudEvents.")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "explain a command")
    .option("-c, --config <file>", "configuration (default: bridge.config.{ts,js,json,yaml} here)")
    .option("--json", "print results as JSON")
    .addOption(
      new Option("--log-level <level>", "least level of the log on stderr")
        .choices(["debug", "info", "warn", "error"])
        .default("warn"),
    )
    .option("--debug", "show the stack of an error")
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => styleText("bold", title) })
    .configureOutput({
      writeOut: screen.out.raw,
      writeErr: screen.err.raw,
      outputError: (text) => {
        // Only commander's own hint begins a line: an argument may contain line breaks.
        const [, message = "", hint] =
          /^(?:error: )?(.*?)(?:\n(\(Did you mean [^\n]*))?\n*$/s.exec(text) ?? [];
        screen.err.line(["red", "error: "], message);
        if (hint) screen.err.line(hint);
      },
    })
    .exitOverride()
    .addHelpText(
      "after",
      examples("demo --once", "poll --config bridge.config.yaml", "watch --interval 30s"),
    );

  const run = (body: Body) => start(root.opts<GlobalOptions>(), body);

  root
    .command("demo")
    .description("see the bridge at work on a simulated DMS API")
    .option("--once", "play one scenario, check that every change arrived, and end")
    .addHelpText("after", examples("demo", "demo --once", "demo --once --json"))
    .action((options: { once?: true }) =>
      run(async (context) => (await import("./commands/demo/demo.ts")).demo(context, options.once ?? false)),
    );

  root
    .command("poll")
    .description("one run: read tasks, record changes, deliver events")
    .addHelpText("after", examples("poll", "poll --json | jq '.streams[] | select(.error)'"))
    .action(() => run(async (context) => (await import("./commands/poll.ts")).poll(context)));

  root
    .command("watch")
    .description("poll until a signal comes; a second one ends it at once")
    .option("-i, --interval <duration>", "from the start of one run to the start of the next", "10s")
    .option("-l, --listen <addr:port>", "serve /healthz, /readyz and /metrics there")
    .addHelpText(
      "after",
      examples("watch", "watch --interval 1m --listen 127.0.0.1:9400", "watch --json >> runs.ndjson"),
    )
    .action((options: WatchOptions) =>
      run(async (context) => (await import("./commands/watch.ts")).watch(context, options)),
    );

  root
    .command("tasks")
    .description("show the tasks as the API has them now")
    .option("-s, --stream <key>", "only this stream: its key, or its instance id")
    .option("--open", "only tasks that have not ended")
    .option("--since <when>", "only tasks created in the last 30m, 24h, 7d, ..., or since an instant")
    .option("--until <when>", "only tasks created before then: 30m, 24h, ... ago, or at an instant")
    .addHelpText("after", examples("tasks --open", "tasks --since 24h --json | jq '.tasks[].status'"))
    .action((options: TasksOptions) =>
      run(async (context) => (await import("./commands/tasks.ts")).tasks(context, options)),
    );

  const checkpoint = root
    .command("checkpoint")
    .description("show or reset the durable record of each stream")
    .addHelpText("after", examples("checkpoint show", "checkpoint reset"));
  checkpoint
    .command("show")
    .description("known tasks, undelivered events, watermark and troubled sinks")
    .argument("[stream]", "a stream's key or instance id; all streams without it")
    .addHelpText("after", examples("checkpoint show", "checkpoint show --json"))
    .action((stream: string | undefined) =>
      run(async (context) => (await import("./commands/checkpoint.ts")).showCheckpoints(context, stream)),
    );
  checkpoint
    .command("reset")
    .description("forget records, undelivered events included; the next poll starts anew")
    .argument("[stream]", "a stream's key or instance id; all streams without it")
    .option("-y, --yes", "do not ask")
    .addHelpText("after", examples("checkpoint reset rabbitmq/cn-north-4/PROJECT/INSTANCE --yes"))
    .action((stream: string | undefined, options: { yes?: true }) =>
      run(async (context) =>
        (await import("./commands/checkpoint.ts")).resetCheckpoints(context, stream, options.yes ?? false),
      ),
    );

  const deadLetters = root
    .command("dead-letters")
    .description("list, redrive or purge deliveries that were given up")
    .addHelpText("after", examples("dead-letters list", "dead-letters redrive"));
  type LetterOptions = { sink?: string; id?: string; yes?: true };
  const letterCommand = (name: string, description: string, ...lines: readonly string[]) =>
    deadLetters
      .command(name)
      .description(description)
      .option("--sink <name>", "only of this sink")
      .option("--id <id>", "only this one")
      .addHelpText("after", examples(...lines));
  letterCommand("list", "show them, oldest first", "dead-letters list --sink ops").action(
    (options: LetterOptions) =>
      run(async (context) => (await import("./commands/dead-letters.ts")).listDeadLetters(context, options)),
  );
  letterCommand("redrive", "deliver them again, in order", "dead-letters redrive --sink ops").action(
    (options: LetterOptions) =>
      run(async (context) =>
        (await import("./commands/dead-letters.ts")).redriveDeadLetters(context, options),
      ),
  );
  letterCommand("purge", "delete them", "dead-letters purge --sink ops --yes")
    .option("-y, --yes", "do not ask")
    .action((options: LetterOptions) =>
      run(async (context) =>
        (await import("./commands/dead-letters.ts")).purgeDeadLetters(context, options, options.yes ?? false),
      ),
    );

  root
    .command("sink")
    .description("try a configured sink")
    .addHelpText("after", examples("sink test ops"))
    .command("test")
    .description("send one sample event through a sink as it is configured")
    .argument("<name>", "the sink's name in the configuration")
    .addHelpText("after", examples("sink test ops"))
    .action((name: string) =>
      run(async (context) => (await import("./commands/sink-test.ts")).testSink(context, name)),
    );

  root
    .command("explain")
    .description("show why each sink's filter takes an event, or leaves it out; nothing is sent")
    .option("--sink <name>", "only this sink")
    .option("--event <file>", "the event as JSON, - for stdin; without it a sample")
    .option("--status <status>", "of the sample: SUCCESS, FAILED, OVERDUE, ...")
    .addHelpText(
      "after",
      examples("explain --status FAILED", "explain --sink ops --event event.json", "explain --json"),
    )
    .action((options: { sink?: string; event?: string; status?: string }) =>
      run(async (context) => (await import("./commands/explain.ts")).explain(context, options)),
    );

  root
    .command("preview")
    .description("write the chat messages of sample events, as JSON and as a page that shows them")
    .option("--sink <name>", "only this sink of the configuration, as it is configured")
    .option("--type <type>", "only this type of chat sink, with made-up options")
    .option("-o, --out <folder>", "where to write", "preview")
    .addOption(new Option("--lang <language>", "language of the messages").choices(["en", "zh"]))
    .addHelpText("after", examples("preview", "preview --type slack", "preview --sink ops --out cards"))
    .action((options: PreviewOptions) =>
      run(async (context) => (await import("./commands/preview.ts")).preview(context, options)),
    );

  root
    .command("simulate")
    .description("serve a simulated DMS API until a signal comes")
    .option("-p, --port <number>", "where to listen; 0 takes any free port", "8733")
    .option("--faults <names>", "faults to switch on, separated by commas")
    .option("--list-faults", "name the faults and end")
    .addHelpText("after", examples("simulate", "simulate --port 9000 --faults throttle,html"))
    .action((options: { port: string; faults?: string; listFaults?: true }) =>
      run(async (context) => (await import("./commands/simulate.ts")).simulate(context, options)),
    );

  root
    .command("functiongraph")
    .description("serve as the event function of a FunctionGraph custom image, until a signal comes")
    .option("-p, --port <number>", "where to listen; FunctionGraph calls 8000", "8000")
    .option(
      "--time-limit <duration>",
      "the function's execution timeout; a run ends its work 6 s before",
      "60s",
    )
    .addHelpText("after", examples("functiongraph --config /etc/bridge/bridge.config.yaml --time-limit 55s"))
    .action((options: { port: string; timeLimit: string }) =>
      run(async (context) => (await import("./commands/functiongraph.ts")).functionGraph(context, options)),
    );

  const schema = root
    .command("schema")
    .description("print a JSON Schema")
    .addHelpText("after", examples("schema config", "schema event"));
  schema
    .command("config")
    .description("of the configuration file")
    .addHelpText("after", examples("schema config > bridge.schema.json"))
    .action(() => run(async (context) => (await import("./commands/schema.ts")).configSchema(context)));
  schema
    .command("event")
    .description("of an event's data")
    .addHelpText("after", examples("schema event > task-event.schema.json"))
    .action(() => run(async (context) => (await import("./commands/schema.ts")).eventSchema(context)));

  return root;
}
