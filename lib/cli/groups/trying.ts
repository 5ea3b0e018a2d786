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
    .description("send one sample event through a sink as it is configured")
    .argument("<name>", "the sink's name in the configuration")
    .addHelpText("after", examples("sink test ops"))
    .action((name: string) =>
      run(async (context) => (await import("../commands/sink-test.ts")).testSink(context, name)),
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
      run(async (context) => (await import("../commands/explain.ts")).explain(context, options)),
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
      run(async (context) => (await import("../commands/preview.ts")).preview(context, options)),
    );
}
