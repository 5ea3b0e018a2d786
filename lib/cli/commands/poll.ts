import type { CloudEvent } from "../../change/event.ts";
import type { LoadedConfig } from "../../config/load.ts";
import type { SinkName } from "../../core/names.ts";
import type { Check } from "../../filter/filter.ts";
import type { RunSummary } from "../../run/summary.ts";
import type { Bridge } from "../../wire/bridge.ts";
import { observeAll } from "../../wire/observer.ts";
import type { Context } from "../context.ts";
import { type ExitCode, usageError } from "../errors.ts";
import { failOn } from "../fail-on.ts";
import { count } from "../screen/format.ts";
import { namesOn } from "../screen/names.ts";
import { withProgress } from "../screen/progress.ts";
import { eventLine, runReporter } from "../screen/run-reporter.ts";
import { hasFailure, sentences, showSummary } from "../screen/summary.ts";
import { withBridge } from "../session.ts";
import { explanationOf } from "./explain.ts";

/** Options of `poll`. */
export interface PollOptions {
  readonly dryRun?: true;
  readonly verbose?: true;
  readonly output?: "wide";
  readonly failOn?: string;
}

/** Makes one run over all streams. With `dryRun` it stores and sends nothing, and shows what it would. */
export async function poll(context: Context, options: PollOptions): Promise<ExitCode> {
  const holds = options.failOn === undefined ? () => [] : failOn(options.failOn);
  const isRehearsal = options.dryRun ?? false;
  if (isRehearsal && options.failOn !== undefined)
    throw usageError("--fail-on", "no conditions beside --dry-run, which asks no sink", options.failOn);
  return withBridge(
    context,
    async (bridge, loaded) => {
      const { screen, clock } = context;
      const { summary, events } = await run(context, bridge, options);
      const routed = isRehearsal ? events.map((event) => routes(event, loaded)) : null;
      if (context.json)
        screen.out.json({
          ...summary,
          ...(routed ? { dryRun: true, events: routed } : options.verbose && { events }),
        });
      else if (routed) showRoutes(context, summary, routed, options);
      else showSummary(screen.out, summary, options.output === "wide");
      const reasons = holds(summary, clock.now());
      for (const reason of reasons) screen.err.line(["red", "failed: "], reason);
      return hasFailure(summary) || reasons.length > 0 ? 1 : 0;
    },
    { isRehearsal },
  );
}

async function run(
  context: Context,
  bridge: Bridge,
  { dryRun, verbose }: PollOptions,
): Promise<{ readonly summary: RunSummary; readonly events: readonly CloudEvent[] }> {
  const events: CloudEvent[] = [];
  const reporter = verbose && !dryRun && !context.json ? [runReporter(context)] : [];
  const observer = observeAll([...reporter, { committed: (_, event) => void events.push(event) }]);
  const summary = await withProgress(context, "polling", () => bridge.run(context.stop, observer));
  return { summary, events };
}

/** Whether each sink takes an event, with the checks of its filter. */
interface Routes {
  readonly event: CloudEvent;
  readonly sinks: Readonly<Record<string, { readonly takes: boolean; readonly checks: readonly Check[] }>>;
}

const routes = (event: CloudEvent, { sinks }: LoadedConfig): Routes => ({
  event,
  sinks: Object.fromEntries(
    Array.from(sinks, ([name, sink]: [SinkName, Parameters<typeof explanationOf>[1]]) => {
      const { matches, checks } = explanationOf(name, sink, event);
      return [name, { takes: matches, checks }];
    }),
  ),
});

function showRoutes(
  { screen: { out } }: Context,
  summary: RunSummary,
  routed: readonly Routes[],
  { output }: PollOptions,
): void {
  for (const { event, sinks } of routed) {
    out.fitted(...eventLine(event, out.columns));
    for (const [name, { takes, checks }] of Object.entries(sinks)) {
      const missed = checks.find(({ passed }) => !passed);
      if (takes) out.line("  ", ["green", "-> "], name);
      else if (missed)
        out.fitted(
          "  ",
          ["yellow", "x  "],
          `${name}: its filter wants ${missed.field} ${missed.expected}, found ${missed.found}`,
        );
      else out.line("  ", ["yellow", "x  "], `${name}: its filter leaves it out`);
    }
  }
  if (routed.length > 0) out.line();
  for (const line of sentences(summary, namesOn(out, summary.streams, output === "wide"))) out.line(...line);
  const waiting = waitingIn(summary, routed);
  const tried =
    waiting > 0
      ? ` ${count(waiting, "delivery", "deliveries")} of earlier events would be tried as they are due.`
      : "";
  out.line(
    `Dry run: ${count(routed.length, "event")} would be recorded and sent.${tried} Nothing was stored, nothing was sent.`,
  );
}

/** Deliveries that waited before this run. */
function waitingIn({ streams }: RunSummary, routed: readonly Routes[]): number {
  const pending = streams.reduce((sum, stream) => sum + stream.pending, 0);
  const added = routed.flatMap(({ sinks }) => Object.values(sinks).filter(({ takes }) => takes));
  return Math.max(0, pending - added.length);
}
