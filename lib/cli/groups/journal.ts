import type { CommandLine } from "../command-line.ts";
import { examples } from "../command-line.ts";
import type { EventsOptions } from "../commands/events.ts";
import type { ReplayOptions } from "../commands/replay.ts";

/** Commands that show what was emitted and delivered, and send it again. */
export function journalCommands({ root, run }: CommandLine): void {
  root
    .command("task")
    .description("show the whole story of one task: its changes and their deliveries to each sink")
    .argument("<id>", "the task's id, or six characters of its beginning or its end")
    .addHelpText("after", examples("task 1f3a9c", "task 1f3a9c --json"))
    .action((id: string) => run(async (context) => (await import("../commands/task.ts")).task(context, id)));

  root
    .command("events")
    .description("show what was emitted, and how each delivery went")
    .option("--since <when>", "in the last 30m, 24h, 7d, ..., or since an instant", "1h")
    .option("--sink <name>", "only events that go to this sink")
    .option("--status <status>", "only events of this status: FAILED, SUCCESS, OVERDUE, ...")
    .option("-f, --follow", "keep printing new entries of all processes, until interrupted")
    .addHelpText("after", examples("events --since 24h --status FAILED", "events --follow --sink ops --json"))
    .action((options: EventsOptions) =>
      run(async (context) => (await import("../commands/events.ts")).events(context, options)),
    );

  root
    .command("replay")
    .description("send the events of a time to one sink again, with the same ids")
    .requiredOption("--since <when>", "events since 30m, 24h, 7d, ... ago, or since an instant")
    .option("--until <when>", "events until 30m, 24h, ... ago, or until an instant; until now without it")
    .option("--task <id>", "only of this task: its id, its beginning or its end")
    .option("--sink <name>", "where to; needed where there are several")
    .option("--dry-run", "only show the plan")
    .option("-y, --yes", "do not ask")
    .addHelpText(
      "after",
      examples("replay --since 2h --sink ops --dry-run", "replay --since 2h --until 1h --sink ops --yes"),
    )
    .action((options: ReplayOptions) =>
      run(async (context) => {
        const { rehearseReplay, replay } = await import("../commands/replay.ts");
        return options.dryRun ? rehearseReplay(context, options) : replay(context, options);
      }),
    );
}
