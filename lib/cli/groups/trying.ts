import { Option } from "commander";
import type { CommandLine } from "../command-line.ts";
import { examples } from "../command-line.ts";
import type { PreviewOptions } from "../commands/preview.ts";
import type { DestinationOptions } from "../destination.ts";

/** Commands that try a sink or its filter. */
export function tryingCommands({ root, run }: CommandLine): void {
  root.commandsGroup("Try out:");

  root
    .command("send")
    .description("send one sample event to any URL, without a configuration")
    .requiredOption(
      "--to <url>",
      "a webhook of Slack, Teams, Discord, Feishu, DingTalk, WeCom, Google Chat, or any other",
    )
    .option("--type <type>", "how to write to it, where its host does not say: mattermost, ...")
    .option("--secret <secret>", "signs the request, where the place checks that")
    .addHelpText(
      "after",
      examples("send --to http://127.0.0.1:8080", "send --to https://hooks.slack.com/services/..."),
    )
    .action((options: DestinationOptions) =>
      run(async (context) => (await import("../commands/send.ts")).send(context, options)),
    );

  root
    .command("sink")
    .description("try a configured sink")
    .addHelpText("after", examples("sink test ops"))
    .command("test")
    .description("send one sample event through a configured sink")
    .argument("<name>", "the sink's name in the configuration")
    .addHelpText("after", examples("sink test ops"))
    .action((name: string) =>
      run(async (context) => (await import("../commands/sink-test.ts")).testSink(context, name)),
    );

  root
    .command("explain")
    .description("show why each sink's filter matches an event or not; sends nothing")
    .option("--sink <name>", "only this sink")
    .option("--event <file>", "file with an event as JSON, - for stdin (default: a sample)")
    .option("--status <status>", "status of the sample: SUCCESS, FAILED, OVERDUE, ...")
    .addHelpText(
      "after",
      examples("explain --status FAILED", "explain --sink ops --event event.json", "explain --json"),
    )
    .action((options: { sink?: string; event?: string; status?: string }) =>
      run(async (context) => (await import("../commands/explain.ts")).explain(context, options)),
    );

  root
    .command("preview")
    .description("write what sinks would send, as files and as a web page; sends nothing")
    .option("--sink <name>", "only this configured sink")
    .option("--type <type>", "only this type of sink, with sample options")
    .option("--event <file>", "file with an event as JSON, - for stdin (default: samples)")
    .option("-o, --out <folder>", "where to write", "preview")
    .addOption(
      new Option("--lang <language>", "language of the messages (default: both)").choices(["en", "zh"]),
    )
    .addHelpText(
      "after",
      examples("preview", "preview --type slack", "preview --sink ops --event event.json --out cards"),
    )
    .action((options: PreviewOptions) =>
      run(async (context) => (await import("../commands/preview.ts")).preview(context, options)),
    );
}
