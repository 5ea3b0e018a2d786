import { openMs } from "../../lib/checkpoint/activity.ts";
import { hashToUnit } from "../../lib/core/hash-to-unit.ts";
import { type StreamKey, streamKey } from "../../lib/core/names.ts";
import { type PlanRules, planMessages } from "../../lib/fleet/planner.ts";
import { coolingMs } from "../../lib/fleet/schedule.ts";
import { parseShard, type ShardStream } from "../../lib/fleet/shard.ts";

/** The model's assumptions; docs/scale.md shows each of them. */
export const assumed = {
  /** Duration of a call of the task API, seconds. */
  answerSeconds: 0.2,
  tasksPerDay: 1,
  taskMinutes: 5,
  /** EXECUTING, then SUCCESS. */
  changesPerTask: 2,
  instancesPerSource: 10_000,
  /** Duration of one attempt at the sink with the function's overhead, seconds. */
  deliverySeconds: 0.3,
  planSeconds: 0.3,
  /** CPU time of planning, without waits, seconds. */
  planSecondsPerMillion: 3,
} as const;

/** The configuration's defaults and the timer's interval. */
export const rules: PlanRules = { everyMs: 60_000, maxIdleMs: 300_000, shardSize: 50, burst: 1 };

export const plansPerMonth = 30 * 24 * 60;
const streamsAtOnce = 16;
const instancesPerPage = 50;
const listingsPerMonth = plansPerMonth / 5;
const dayMs = 86_400_000;

/** A topology's load in a month of 30 days. */
export interface Month {
  readonly instances: number;
  /** Requests to the task API: polls and lists of instances. */
  readonly polls: number;
  readonly listings: number;
  readonly pollInvocations: number;
  /** Seconds, summed over all containers. */
  readonly pollSeconds: number;
  readonly planSeconds: number;
  readonly messages: number;
  /** SendMessageBatch requests. */
  readonly sends: number;
  /** Index entries that a plan reads on average. */
  readonly activeStreams: number;
  readonly events: number;
}

/** Runs the real planner over part of a day and extrapolates a month. */
export function fleetMonth(instances: number): Month {
  const minutes = instances <= 100 ? 1_440 : instances <= 10_000 ? 20 : 5;
  const streams = streamsOf(instances);
  const taskStartsMs = streams.map((each) => hashToUnit(`${streamKey(each.stream)} task`) * dayMs);
  let [polls, pollSeconds, messages, sends, active] = [0, 0, 0, 0, 0];
  for (let minute = 1; minute <= minutes; minute++) {
    const nowMs = dayMs + minute * rules.everyMs;
    const activity = activityAt(nowMs, streams, taskStartsMs);
    const plan = planMessages(streams, activity, { afterMs: nowMs - rules.everyMs, untilMs: nowMs }, rules);
    active += activity.size;
    messages += plan.messages.length;
    sends += Math.ceil(plan.messages.length / 10);
    for (const { body } of plan.messages) {
      const size = parseShard(body)?.length ?? 0;
      polls += size;
      pollSeconds += Math.ceil(size / streamsAtOnce) * assumed.answerSeconds;
    }
  }
  const scale = plansPerMonth / minutes;
  const pages = pagesOf(instances);
  const listingSeconds = (pages / sourcesOf(instances)) * assumed.answerSeconds;
  const planning = assumed.planSeconds + (assumed.planSecondsPerMillion * instances) / 1_000_000;
  return {
    instances,
    polls: polls * scale,
    listings: pages * listingsPerMonth,
    // Messages of one moment may share an invocation; the model counts the worst case.
    pollInvocations: messages * scale,
    pollSeconds: pollSeconds * scale,
    planSeconds: planning * plansPerMonth + listingSeconds * listingsPerMonth,
    messages: messages * scale,
    sends: sends * scale,
    activeStreams: active / minutes,
    events: eventsOf(instances),
  };
}

/** The compact topology: every stream in every run. */
export const compactMonth = (instances: number): Month => ({
  instances,
  polls: instances * plansPerMonth,
  listings: pagesOf(instances) * listingsPerMonth,
  pollInvocations: plansPerMonth,
  pollSeconds: Math.ceil(instances / streamsAtOnce) * assumed.answerSeconds * plansPerMonth,
  planSeconds: 0,
  messages: 0,
  sends: 0,
  activeStreams: 0,
  events: eventsOf(instances),
});

/** Number of instances that one run can poll within 49 s. */
export const mostCompact = Math.floor(49 / assumed.answerSeconds) * streamsAtOnce;

const eventsOf = (instances: number): number => instances * assumed.tasksPerDay * assumed.changesPerTask * 30;
const pagesOf = (instances: number): number => Math.ceil(instances / instancesPerPage);
const sourcesOf = (instances: number): number => Math.ceil(instances / assumed.instancesPerSource);

const streamsOf = (instances: number): readonly ShardStream[] =>
  Array.from({ length: instances }, (_, index) => ({
    stream: {
      engine: "rabbitmq",
      region: "cn-north-4",
      projectId: `p${Math.floor(index / assumed.instancesPerSource)}`,
      instanceId: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    },
    name: `queue-${index}`,
  }));

/** Each stream has a task a day, at a time of its own. */
function activityAt(
  nowMs: number,
  streams: readonly ShardStream[],
  taskStartsMs: readonly number[],
): ReadonlyMap<StreamKey, number> {
  const activity = new Map<StreamKey, number>();
  const taskMs = assumed.taskMinutes * 60_000;
  const lastsMs = taskMs + coolingMs(rules) + rules.everyMs;
  for (const [index, { stream }] of streams.entries()) {
    const sinceMs = (nowMs - (taskStartsMs[index] ?? 0)) % dayMs;
    if (sinceMs >= lastsMs) continue;
    activity.set(streamKey(stream), sinceMs < taskMs ? openMs : nowMs - (sinceMs - taskMs));
  }
  return activity;
}
