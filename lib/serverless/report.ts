import { oldestOwedMs } from "../checkpoint/owed.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import { StoreError } from "../core/errors.ts";
import type { StreamKey } from "../core/names.ts";
import type { RunSummary } from "../run/summary.ts";
import type { Log } from "../telemetry/log.ts";
import type { Strays } from "../telemetry/strays.ts";
import type { Bridge } from "../wire/bridge.ts";
import type { Invocation } from "./lambda.ts";
import { runMetrics } from "./metrics.ts";
import type { PlanSummary } from "./planning.ts";

/** Some streams could not be read or recorded: what a function ends with, so that its platform counts a failure. */
export class RunFailed extends Error {
  override readonly name = "RunFailed";
}

const maxNamed = 10;

/** Passes a run in which every stream was read and recorded. @throws RunFailed that names the streams, ten at most */
export function requireSuccess({ streams }: RunSummary): void {
  const failed = streams.flatMap(({ key, error }) => (error ? [`${key}: ${error.message}`] : []));
  if (failed.length === 0) return;
  const named = failed.slice(0, maxNamed).join("; ");
  throw new RunFailed(`${failed.length} of ${streams.length} streams failed: ${named}`);
}

/** Ends a run as failed, after all of it, when something in it threw where nobody could catch it. @throws RunFailed */
export function requireNoStrays(strays: Strays): void {
  const count = strays.take();
  if (count > 0) throw new RunFailed(`${count} errors that no part caught; the log names them`);
}

/** The same for a plan: what it could not list. @throws RunFailed */
export function requireListed({ unplanned }: PlanSummary): void {
  if (unplanned.length === 0) return;
  const named = unplanned.slice(0, maxNamed).map(({ key, error }) => `${key}: ${error.message}`);
  throw new RunFailed(
    `the instances of ${unplanned.length} sources could not be listed: ${named.join("; ")}`,
  );
}

/** One line for the run, and one for each stream or sink that needs its operator. */
export function logRun(log: Log, { runId, durationMs, streams, sinks }: RunSummary): void {
  const changes = streams.reduce((total, stream) => total + stream.changes, 0);
  log("info", "run ended", { runId, durationMs, streams: streams.length, changes });
  for (const { key, error, unreadable } of streams) {
    if (error)
      log("error", "a stream failed", { runId, stream: key, code: error.code, problem: error.message });
    if (unreadable > 0) log("warn", "records could not be read", { runId, stream: key, unreadable });
  }
  for (const [sink, { blocked, deadLettered, pending, retrying, problem }] of Object.entries(sinks)) {
    if (blocked) log("warn", "a sink is blocked", { runId, sink, reason: blocked, problem, pending });
    else if (retrying > 0) log("warn", "a sink fails", { runId, sink, problem, retrying, pending });
    if (deadLettered > 0) log("warn", "deliveries were given up", { runId, sink, deadLettered });
  }
}

/** Logs a run, and writes its metrics. */
export async function reportRun(
  summary: RunSummary,
  {
    part,
    log,
    now,
    report,
  }: Pick<Invocation<unknown, Pick<Bridge, "checkpoints">>, "part" | "log" | "now" | "report">,
): Promise<void> {
  const oldestMs = await oldestPendingMs(part.checkpoints, summary, now());
  logRun(log, summary);
  report(runMetrics(summary, oldestMs));
}

/** How long the oldest event has been owed to a sink; 0 when none is. Asks only for records that owe something. */
export async function oldestPendingMs(
  checkpoints: CheckpointStore,
  { streams, sinks }: RunSummary,
  nowMs: number,
): Promise<number> {
  if (Object.values(sinks).every(({ pending }) => pending === 0)) return 0;
  // A stream that the API refuses owes as much as any; one whose record failed has been asked for already.
  const recorded = streams.filter(({ key, error }) => error?.code !== "STORE_FAILED" && !key.endsWith("*"));
  const ages = await Promise.all(
    recorded.map(async ({ key }) => {
      const stored = await loaded(checkpoints, key as StreamKey);
      const sinceMs = stored && oldestOwedMs(stored.checkpoint);
      return Math.max(0, nowMs - (sinceMs ?? nowMs));
    }),
  );
  return Math.max(0, ...ages);
}

/** The run has reported the store's failures already. */
async function loaded(checkpoints: CheckpointStore, key: StreamKey) {
  try {
    return await checkpoints.load(key);
  } catch (error) {
    if (error instanceof StoreError) return null;
    throw error;
  }
}
