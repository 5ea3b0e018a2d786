import { Option } from "commander";
import type { CommandLine } from "../command-line.ts";
import { examples, failOnOption, wideOption } from "../command-line.ts";
import type { ConsoleCommandOptions } from "../commands/console.ts";
import type { DemoOptions } from "../commands/demo/demo.ts";
import type { PollOptions } from "../commands/poll.ts";
import type { WatchOptions } from "../commands/watch.ts";

/** Commands that run the bridge, or what stands in for it. */
export function runningCommands({ root, run }: CommandLine): void {
  root.commandsGroup("Run:");

  root
    .command("demo")
    .description("run the bridge against a simulated DMS API")
    .addOption(
      new Option("--once", "play one scenario, check that every change arrived, and exit").conflicts("ui"),
    )
    .option("--ui [port]", "show it in a browser, with buttons of the simulator")
    .option("--to <url>", "send its events there, too: a webhook of Slack, Teams, ..., or any other")
    .option("--type <type>", "how to write to --to, where its host does not say: mattermost, ...")
    .option("--secret <secret>", "signs the requests to --to, where the place checks that")
    .addHelpText(
      "after",
      examples("demo", "demo --ui", "demo --once", "demo --once --json", "demo --to http://127.0.0.1:8080"),
    )
    .action(({ ui, ...options }: DemoOptions & { readonly ui?: string | true }) =>
      run(async (context) => {
        if (ui) return (await import("../commands/demo/ui.ts")).demoInBrowser(context, ui, options);
        return (await import("../commands/demo/demo.ts")).demo(context, options);
      }),
    );

  root
    .command("poll")
    .description("one run: read tasks, record changes, deliver events")
    .option(
      "--dry-run",
      "show what would be sent where, and which filter keeps it back; store and send nothing",
    )
    .option("-v, --verbose", "print each change and each delivery that fails")
    .addOption(failOnOption())
    .addOption(wideOption())
    .addHelpText(
      "after",
      examples("poll", "poll --dry-run", "poll --fail-on blocked,pending:15m", "poll --json | jq '.sinks'"),
    )
    .action((options: PollOptions) =>
      run(async (context) => (await import("../commands/poll.ts")).poll(context, options)),
    );

  root
    .command("watch")
    .description("poll until stopped; a second signal stops at once")
    .option("-i, --interval <duration>", "time between the starts of two runs", "10s")
    .option(
      "-l, --listen <addr:port>",
      "address for /healthz, /readyz, /metrics and, with BRIDGE_WAKE_TOKEN, /wake",
    )
    .option("--ui [port]", "show it in a browser on this machine")
    .option("--allow-changes", "let the page redrive, purge and send samples")
    .addHelpText(
      "after",
      examples(
        "watch",
        "watch --ui",
        "watch --interval 1m --listen 127.0.0.1:9400",
        "watch --json >> runs.ndjson",
      ),
    )
    .action((options: WatchOptions) =>
      run(async (context) => (await import("../commands/watch.ts")).watch(context, options)),
    );

  root
    .command("console")
    .description("show any bridge in a browser, by its store")
    .option("-p, --port <number>", "port on this machine; 0 takes any free one")
    .option("--allow-changes", "let the page redrive, purge and send samples")
    .addHelpText(
      "after",
      examples("console", "console --config production.yaml --port 9000", "console --allow-changes"),
    )
    .action((options: ConsoleCommandOptions) =>
      run(async (context) => (await import("../commands/console.ts")).showConsole(context, options)),
    );

  root
    .command("simulate")
    .description("serve a simulated DMS API until stopped")
    .option("-p, --port <number>", "port to listen on; 0 takes any free port", "8733")
    .option("--faults <names>", "faults to enable, separated by commas")
    .option("--list-faults", "list the faults and exit")
    .addHelpText("after", examples("simulate", "simulate --port 9000 --faults throttle,html"))
    .action((options: { port: string; faults?: string; listFaults?: true }) =>
      run(async (context) => (await import("../commands/simulate.ts")).simulate(context, options)),
    );

  root
    .command("functiongraph")
    .description("serve as the event function of a FunctionGraph custom image")
    .option("-p, --port <number>", "port to listen on; FunctionGraph calls 8000", "8000")
    .option("--time-limit <duration>", "the function's execution timeout; a run stops 6 s before", "60s")
    .addHelpText("after", examples("functiongraph --config /etc/bridge/bridge.config.yaml --time-limit 65s"))
    .action((options: { port: string; timeLimit: string }) =>
      run(async (context) => (await import("../commands/functiongraph.ts")).functionGraph(context, options)),
    );
}
