import { openQueue } from "../aws/queue.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError } from "../core/errors.ts";
import { streamKey } from "../core/names.ts";
import { openPlanner, type Plan } from "../fleet/planner.ts";
import type { FailedSource } from "../run/summary.ts";
import { type DiscoveredStreams, openBridge } from "../wire/bridge.ts";
import { namedIn, wakes } from "../wire/wakes.ts";
import { required } from "./environment.ts";
import { cachedAcrossInvocations, type Warm, type WarmDeps } from "./warm.ts";

/** Rate of the timer in serverless.fleet.yml, milliseconds. */
const everyMs = 60_000;

/** Result of a plan. */
export interface PlanSummary {
  readonly plan: Plan;
  /** Number of known streams. */
  readonly watched: number;
  /** Sources that could not be listed; their last known streams are planned. */
  readonly failedSources: readonly FailedSource[];
  readonly durationMs: number;
}

/** The planning of a fleet. */
export interface Planning {
  /** Sends the shards that are due at `nowMs`. @throws StoreError, AwsError */
  plan(nowMs: number, signal: AbortSignal): Promise<PlanSummary>;
  /**
   * Sends the streams whose instances an event names, anywhere in it; all streams when it names none. Sends nothing when
   * it repeats a wake: of the same streams within five seconds, of all within a minute. @throws StoreError, AwsError
   */
  wake(event: unknown, signal: AbortSignal): Promise<PlanSummary>;
  close(): Promise<void>;
}

/** The planner's part that is cached between invocations: bridge, queue and last plan. */
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
  const wakeOnce = wakes<Plan>(deps.clock);
  let known: DiscoveredStreams | null = null;
  return {
    async wake(event, signal) {
      const startedMs = deps.clock.now();
      known ??= await bridge.discover(signal);
      const { streams, failedSources, isPartial, unlisted } = known;
      const all = isPartial ? [...streams, ...unlisted(await activity.activeSince(0))] : streams;
      const named = namedIn(event, all);
      const isForAll = named.length === 0;
      let plan: Plan = { messages: [], due: 0, busy: 0 };
      await wakeOnce(
        named.map(({ stream }) => streamKey(stream)),
        async () => {
          plan = await planner.pollNow(isForAll ? all : named, { signal });
          return plan;
        },
        isForAll ? everyMs : undefined,
      );
      return { plan, watched: streams.length, failedSources, durationMs: deps.clock.now() - startedMs };
    },
    async plan(nowMs, signal) {
      const startedMs = deps.clock.now();
      known ??= await bridge.discover(signal);
      const plan = await planner.plan(known, nowMs, { signal });
      // After the plan, for the next one: listing thousands of instances takes a while.
      known = await bridge.discover(signal);
      const { streams, failedSources } = known;
      return { plan, watched: streams.length, failedSources, durationMs: deps.clock.now() - startedMs };
    },
    async close() {
      await Promise.all([bridge.close(), queue.close()]);
    },
  };
}
