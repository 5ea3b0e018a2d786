import type { EventContext } from "../change/event.ts";
import type { SourceConfig } from "../config/schema.ts";
import { type Stream, streamKey } from "../core/names.ts";
import type { CommitRules } from "../run/commit-plan.ts";
import type { FollowRules, StreamPlan } from "../run/plan.ts";
import type { Discovery, WatchedStream } from "../source/discovery.ts";
import { taskEndpoint } from "../source/endpoints.ts";
import type { UnlistedStream } from "./unlisted.ts";

/** Rules shared by the plans of all streams. */
export interface SharedRules
  extends Pick<CommitRules, "policies" | "filters" | "maxBacklog" | "maxBytes">,
    Pick<EventContext, "traced"> {
  /** How the streams of a source are followed. */
  readonly follow: (config: SourceConfig) => FollowRules | undefined;
}

/** A stream missing from this process's lists, with what another process's list reported. */
export interface ServedStream extends UnlistedStream {
  readonly name?: string | null;
  readonly sinceMs?: number | undefined;
}

/** Creates the plans of streams. */
export interface StreamPlans {
  /** Created for a stream's first run and cached with its discovery; a fleet's planner creates none. */
  ofWatched(stream: WatchedStream, from: Discovery): StreamPlan;
  ofUnlisted(stream: ServedStream): StreamPlan;
}

/** Creates plans with shared rules. */
export function streamPlans(shared: SharedRules): StreamPlans {
  const plans = new WeakMap<WatchedStream, StreamPlan>();
  return {
    ofWatched(watched, from) {
      const made = plans.get(watched);
      if (made) return made;
      const { stream, name, sinceMs, source } = watched;
      const plan = { ...planOf(stream, from.config, name, shared), sinceMs, source };
      plans.set(watched, plan);
      return plan;
    },
    ofUnlisted: ({ stream, from, absentMs, sinceMs, name = null }) => ({
      ...planOf(stream, from?.config ?? null, name, shared),
      source: absentMs === undefined ? (from?.source ?? null) : null,
      absentMs,
      sinceMs,
    }),
  };
}

/** Creates a plan. `config` is null for a stream that is no longer watched: it emits no new events. */
function planOf(
  stream: Stream,
  config: SourceConfig | null,
  name: string | null,
  { follow, traced = false, ...shared }: SharedRules,
): Omit<StreamPlan, "source" | "absentMs" | "sinceMs"> {
  const { startFrom = "now", lookback = 0, maxOpenAge = 0, overdue = {} } = config ?? {};
  const origin = config ? taskEndpoint(config).origin : "";
  const instance = `/v2/${encodeURIComponent(stream.projectId)}/instances/${encodeURIComponent(stream.instanceId)}`;
  return {
    stream,
    startFrom,
    follow: config ? follow(config) : undefined,
    overdueAfterMs: (task) => (Object.hasOwn(overdue, task) ? overdue[task] : overdue["*"]) ?? null,
    rules: {
      ...shared,
      stream: streamKey(stream),
      lookbackMs: lookback,
      maxOpenAgeMs: maxOpenAge,
      unreadableAfterMs: config?.unreadableAfter ?? null,
      context: { stream, source: `${origin}${instance}`, instanceName: name, traced },
    },
  };
}
