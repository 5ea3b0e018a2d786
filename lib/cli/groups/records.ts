import type { CommandLine } from "../command-line.ts";
import { examples, failOnOption, wideOption } from "../command-line.ts";
import type { ShowOptions } from "../commands/checkpoint.ts";
import type { DeadLetterOptions } from "../commands/dead-letters.ts";
import type { StatusOptions } from "../commands/status.ts";
import type { TasksOptions } from "../commands/tasks.ts";
import { journalCommands } from "./journal.ts";

const streamWords = "one stream: its key, or its instance's id, first six characters or name";

/** Commands that show and mend what the API and the records hold. */
export function recordsCommands(line: CommandLine): void {
  const { root, run } = line;
  root.commandsGroup("Look and mend:");

  root
    .command("status")
    .description("show how each sink is, and each stream that cannot be read: why, since when, what to do")
    .addOption(failOnOption())
    .addOption(wideOption())
    .addHelpText("after", examples("status", "status -o wide", "status --fail-on blocked,pending:15m"))
    .action((options: StatusOptions) =>
      run(async (context) => (await import("../commands/status.ts")).status(context, options)),
    );

  root
    .command("doctor")
    .description("check Node, configuration, store, live API and sinks; send no event")
    .addHelpText(
      "after",
      examples("doctor", "doctor --json | jq '.checks[] | select(.result == \"failed\")'"),
    )
    .action(() => run(async (context) => (await import("../commands/doctor/doctor.ts")).doctor(context)));

  root
    .command("tasks")
    .description("show the tasks as the API has them now")
    .option("-s, --stream <key>", streamWords)
    .option("--open", "only tasks that have not ended")
    .option("--since <when>", "only tasks created in the last 30m, 24h, 7d, ..., or since an instant")
    .option("--until <when>", "only tasks created before then: 30m, 24h, ... ago, or at an instant")
    .addOption(wideOption())
    .addHelpText("after", examples("tasks --open", "tasks --since 24h --json | jq '.tasks[].status'"))
    .action((options: TasksOptions) =>
      run(async (context) => (await import("../commands/tasks.ts")).tasks(context, options)),
    );

  journalCommands(line);

  const checkpoint = root
    .command("checkpoint")
    .description("show or reset the durable record of each stream")
    .addHelpText("after", examples("checkpoint show", "checkpoint reset orders"));
  checkpoint
    .command("show")
    .description("known tasks, undelivered events, watermark and failing sinks")
    .argument("[stream]", `${streamWords}; all streams without it`)
    .addOption(wideOption())
    .addHelpText("after", examples("checkpoint show", "checkpoint show orders", "checkpoint show --json"))
    .action((stream: string | undefined, options: ShowOptions) =>
      run(async (context) =>
        (await import("../commands/checkpoint.ts")).showCheckpoints(context, stream, options),
      ),
    );
  checkpoint
    .command("reset")
    .description("delete records and their undelivered events; the next poll starts over")
    .argument("[stream]", `${streamWords}; all streams without it`)
    .option("-y, --yes", "do not ask")
    .addHelpText("after", examples("checkpoint reset rabbitmq/cn-north-4/PROJECT/INSTANCE --yes"))
    .action((stream: string | undefined, options: { yes?: true }) =>
      run(async (context) =>
        (await import("../commands/checkpoint.ts")).resetCheckpoints(context, stream, options.yes ?? false),
      ),
    );

  const deadLetters = root
    .command("dead-letters")
    .description("list, redrive or purge dead letters")
    .addHelpText("after", examples("dead-letters list", "dead-letters redrive"));
  type LetterOptions = DeadLetterOptions & { yes?: true; dryRun?: true };
  const deadLetterCommand = (name: string, description: string, ...lines: readonly string[]) =>
    deadLetters
      .command(name)
      .description(description)
      .option("--sink <name>", "only of this sink")
      .option("--id <id>", "only this one: its id, or its task's id or six characters of it")
      .option("--reason <reason>", "only those given up for it: rejected, too_old, ...")
      .option("--since <when>", "only those given up in the last 30m, 24h, ..., or since an instant")
      .addHelpText("after", examples(...lines));
  deadLetterCommand("list", "show them, oldest first", "dead-letters list --sink ops")
    .addOption(wideOption())
    .action((options: LetterOptions) =>
      run(async (context) => (await import("../commands/dead-letters.ts")).listDeadLetters(context, options)),
    );
  deadLetterCommand(
    "redrive",
    "deliver them again, in order",
    "dead-letters redrive --sink ops",
    "dead-letters redrive --reason rejected --since 24h --dry-run",
  )
    .option("--dry-run", "only show which")
    .option("-y, --yes", "do not ask, which a redrive never does")
    .addOption(wideOption())
    .action((options: LetterOptions) =>
      run(async (context) => {
        const { planRedrive, redriveDeadLetters } = await import("../commands/dead-letters.ts");
        return options.dryRun ? planRedrive(context, options) : redriveDeadLetters(context, options);
      }),
    );
  deadLetterCommand("purge", "delete them", "dead-letters purge --sink ops --yes")
    .option("-y, --yes", "do not ask")
    .action((options: LetterOptions) =>
      run(async (context) =>
        (await import("../commands/dead-letters.ts")).purgeDeadLetters(
          context,
          options,
          options.yes ?? false,
        ),
      ),
    );
}
