import type { RunSummary } from "../run/summary.ts";
import type { Log } from "../telemetry/log.ts";
import { logSink } from "../telemetry/sink-log.ts";
import type { Strays } from "../telemetry/strays.ts";
import type { Invocation } from "./lambda.ts";
import { runMetrics, sinkMetrics } from "./metrics.ts";
import type { PlanSummary } from "./planning.ts";

/** Some streams could not be read or recorded. A function ends with it, so that the platform counts a failure. */
export class RunFailed extends Error {
  override readonly name = "RunFailed";
}

const maxNamed = 10;

/** Checks that every stream was read and recorded. @throws RunFailed that names up to ten streams */
export function requireSuccess({ streams }: RunSummary): void {
  const failed = streams.flatMap(({ key, error }) => (error ? [`${key}: ${error.message}`] : []));
  if (failed.length === 0) return;
  const named = failed.slice(0, maxNamed).join("; ");
  throw new RunFailed(`${failed.length} of ${streams.length} streams failed: ${named}`);
}

/** Fails a completed run in which an uncaught error occurred. @throws RunFailed */
export function requireNoStrays(strays: Strays): void {
  const count = strays.take();
  if (count > 0) throw new RunFailed(`${count} errors that no part caught; the log names them`);
}

/** Checks that a plan could list every source. @throws RunFailed */
export function requireListed({ failedSources }: PlanSummary): void {
  if (failedSources.length === 0) return;
  const named = failedSources.slice(0, maxNamed).map(({ key, error }) => `${key}: ${error.message}`);
  throw new RunFailed(
    `the instances of ${failedSources.length} sources could not be listed: ${named.join("; ")}`,
  );
}

/** Logs one line for the run, and one for each stream or sink that needs its operator. */
export function logRun(log: Log, { runId, durationMs, streams, sinks }: RunSummary): void {
  const changes = streams.reduce((total, stream) => total + stream.changes, 0);
  log("info", "run ended", { runId, durationMs, streams: streams.length, changes });
  for (const { key, error, unreadable } of streams) {
    if (error) {
      const { message: problem, ...trouble } = error;
      log("error", "a stream failed", { runId, stream: key, problem, ...trouble });
    }
    if (unreadable > 0) log("warn", "tasks could not be read", { runId, stream: key, unreadable });
  }
  for (const [sink, { accepted, filtered, deadLettered, expired, retrying, ...status }] of Object.entries(
    sinks,
  )) {
    logSink(log, { runId, sink, retrying }, status);
    if (deadLettered > 0) log("warn", "deliveries became dead letters", { runId, sink, deadLettered });
  }
}

/**
 * Logs a run and writes its metrics, and those of each sink that did or owes something. SuccessfulRuns is left out for a
 * wake: its alarm tells that the timer has stopped.
 */
export function reportRun(
  summary: RunSummary,
  { log, now, report }: Pick<Invocation<unknown, unknown>, "log" | "now" | "report">,
  { isWoken = false }: { readonly isWoken?: boolean } = {},
): void {
  logRun(log, summary);
  const { SuccessfulRuns, ...metrics } = runMetrics(summary, now());
  report(isWoken ? metrics : { SuccessfulRuns, ...metrics });
  for (const [Sink, sink] of Object.entries(summary.sinks)) {
    const metrics = sinkMetrics(sink, now());
    // A metric costs money in each hour in which it is written.
    if (Object.values(metrics).some((value) => value > 0)) report(metrics, { Sink });
  }
}
