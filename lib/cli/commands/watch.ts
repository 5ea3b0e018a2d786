import type { LoadedConfig } from "../../config/load.ts";
import type { OpenTelemetry } from "../../opentelemetry/open.ts";
import type { RunSummary } from "../../run/summary.ts";
import { logDefect } from "../../telemetry/defect.ts";
import type { Bridge } from "../../wire/bridge.ts";
import { type BridgeObserver, observeAll } from "../../wire/observer.ts";
import { durationMs } from "../arguments.ts";
import type { Context } from "../context.ts";
import { type ExitCode, isInterruption, usageError } from "../errors.ts";
import { type Monitor, openMonitor, unmonitored } from "../monitor.ts";
import { openPage } from "../page.ts";
import { count, span, timeOfDay } from "../screen/format.ts";
import type { Screen } from "../screen/output.ts";
import { runReporter } from "../screen/run-reporter.ts";
import { streamErrorReporter } from "../screen/stream-errors.ts";
import { withBridge } from "../session.ts";
import { wakeRequests } from "../wake-requests.ts";

/** Allowance beyond the interval and twice a run's time budget: a run also reads and waits for its store. */
const stallMs = 300_000;

/** Options of `watch`. */
export interface WatchOptions {
  readonly interval: string;
  /** Address for probes and metrics. @default not served */
  readonly listen?: string;
  /** Port of the console's page, or true for the usual one. @default not served */
  readonly ui?: string | true;
  /** Lets the page change something. @default false */
  readonly allowChanges?: boolean;
}

/**
 * Polls at a fixed rate until it is stopped; a run longer than the interval delays the next one.
 * Reports outages and continues. Once stopped it starts nothing new.
 */
export async function watch(
  context: Context,
  { interval, listen, ui, allowChanges = false }: WatchOptions,
): Promise<ExitCode> {
  const intervalMs = durationMs("--interval", interval);
  if (allowChanges && !ui) throw usageError("--allow-changes", "--ui beside it", undefined);
  const { json, screen } = context;
  const observers: BridgeObserver[] = [];
  const watching = async (
    bridge: Bridge,
    loaded: LoadedConfig,
    metrics: OpenTelemetry | null,
  ): Promise<ExitCode> => {
    const limitMs = intervalMs + 2 * loaded.config.delivery.timeBudget + stallMs;
    const options = { mode: "watch", allowsChanges: allowChanges } as const;
    const page = ui ? await openPage(context, bridge, loaded, { ...options, port: ui }) : null;
    if (page) observers.push(page.observer);
    try {
      const wakes = wakeRequests(context, (event) => wake(context, bridge, event));
      const monitor =
        listen === undefined || metrics === null
          ? unmonitored
          : await openMonitor(context, bridge, { listen, stallMs: limitMs, metrics, wakes });
      if (!json && !screen.err.isTerminal) screen.err.line(watchingText(loaded, intervalMs));
      try {
        await runOnAndOn(context, bridge, { intervalMs, monitor });
      } finally {
        monitor.close();
        await wakes?.settled();
      }
    } finally {
      page?.close();
    }
    return 0;
  };
  return withBridge(context, watching, {
    isScraped: listen !== undefined,
    observer: observeAll(observers),
  });
}

/** The first line where no status line is shown: the sources, the interval and the sinks. */
const watchingText = ({ config, sinks }: LoadedConfig, intervalMs: number): string =>
  `Watching ${count(config.sources.length, "source")} every ${span(intervalMs)} for ${[...sinks.keys()].join(", ")}.`;

async function runOnAndOn(
  context: Context,
  bridge: Bridge,
  { intervalMs, monitor }: { readonly intervalMs: number; readonly monitor: Monitor },
): Promise<void> {
  const { clock, screen, stop } = context;
  const reportStreamErrors = streamErrorReporter(context);
  const observer = observeAll([...(context.json ? [] : [runReporter(context)]), monitor.observer]);
  screen.status("first run under way");
  while (!stop.aborted) {
    const nextMs = clock.now() + intervalMs;
    monitor.turned();
    try {
      const summary = await bridge.run(stop, observer, { nextMs, followForMs: intervalMs });
      if (context.json) screen.out.json(summary);
      else if (!stop.aborted) reportStreamErrors(summary);
      if (!stop.aborted) showHeartbeat(screen, summary, nextMs);
    } catch (error) {
      if (isInterruption(error, stop)) throw error;
      logDefect(context.log, "a run ended with an unexpected error", {}, error);
    }
    await clock.sleep(Math.max(0, nextMs - clock.now()), stop);
  }
  screen.status();
}

/** Polls at once what an event names, beside the run that is under way. */
async function wake(context: Context, bridge: Bridge, event: unknown): Promise<void> {
  const { stop, json, screen, log } = context;
  try {
    const observer = json ? { ran: (summary: RunSummary) => screen.out.json(summary) } : runReporter(context);
    await bridge.wake(event, stop, observer);
  } catch (error) {
    if (!isInterruption(error, stop)) logDefect(log, "a wake ended with an unexpected error", {}, error);
  }
}

function showHeartbeat(screen: Screen, summary: RunSummary, nextMs: number): void {
  const tasks = summary.streams.reduce((sum, stream) => sum + stream.tasks, 0);
  const pending = Object.values(summary.sinks).reduce((sum, sink) => sum + sink.pending, 0);
  const waiting = pending > 0 ? `, ${count(pending, "delivery", "deliveries")} waiting` : "";
  screen.status(
    `${count(summary.streams.length, "stream")}, ${count(tasks, "task")}${waiting}; last run ${span(summary.durationMs)}, next ${timeOfDay(nextMs)}`,
  );
}
