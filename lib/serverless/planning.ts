import { openQueue } from "../aws/queue.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError } from "../core/errors.ts";
import { openPlanner, type Plan } from "../fleet/planner.ts";
import type { FailedSource } from "../run/summary.ts";
import { type DiscoveredStreams, openBridge } from "../wire/bridge.ts";
import { required } from "./environment.ts";
import { cachedAcrossInvocations, type Warm, type WarmDeps } from "./warm.ts";

/** The timer's rate in serverless.fleet.yml. */
const everyMs = 60_000;

export interface PlanSummary {
  readonly plan: Plan;
  /** Streams known. */
  readonly watched: number;
  /** Sources whose instances could not be listed; those last known are planned for all the same. */
  readonly failedSources: readonly FailedSource[];
  readonly durationMs: number;
}

export interface Planning {
  /** Sends the shards that are due at the instant. @throws StoreError, AwsError */
  plan(nowMs: number, signal: AbortSignal): Promise<PlanSummary>;
  close(): Promise<void>;
}

/** What a fleet's planner function keeps between its runs: the bridge, the queue, and until when it has planned. */
export const warmPlanning = (deps: WarmDeps): Warm<Planning> =>
  cachedAcrossInvocations({ load: loadConfig, open: openPlanning }, deps);

async function openPlanning(
  loaded: Awaited<ReturnType<typeof loadConfig>>,
  deps: WarmDeps,
): Promise<Planning> {
  const found = loaded.config.checkpoint.type;
  if (found !== "dynamodb")
    throw new ConfigError([{ field: "checkpoint.type", found, expected: "dynamodb, which a fleet needs" }]);
  const url = required(deps.environment, "BRIDGE_POLL_QUEUE", "the URL of the queue that the shards go to");
  const bridge = await openBridge(loaded, deps);
  const { activity, fleet } = bridge;
  const queue = openQueue(url, deps);
  const rules = { everyMs, maxIdleMs: fleet.maxIdle, shardSize: fleet.shardSize, burst: fleet.burst };
  const planner = openPlanner({ activity, queue, rules });
  let known: DiscoveredStreams | null = null;
  return {
    async plan(nowMs, signal) {
      const startedMs = deps.clock.now();
      known ??= await bridge.discover(signal);
      const plan = await planner.plan(known, nowMs, { signal });
      // After the plan and for the next one: a project with thousands of instances takes a while to list.
      known = await bridge.discover(signal);
      const { streams, failedSources } = known;
      return { plan, watched: streams.length, failedSources, durationMs: deps.clock.now() - startedMs };
    },
    async close() {
      await Promise.all([bridge.close(), queue.close()]);
    },
  };
}
