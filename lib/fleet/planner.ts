import type { Queue, QueueMessage } from "../aws/queue.ts";
import { type ActivityIndex, isBusy, owingMs } from "../checkpoint/activity.ts";
import type { CallOptions } from "../core/clock.ts";
import { type StreamKey, streamKey } from "../core/names.ts";
import { coolingMs, type Interval, isDue, type ScheduleRules } from "./schedule.ts";
import { type ShardStream, shardsOf, shardText } from "./shard.ts";

/** Rules of a planner. */
export interface PlanRules extends ScheduleRules {
  /** Maximum streams in one message. */
  readonly shardSize: number;
  /** Polls of an active stream per plan interval. */
  readonly burst: number;
}

/** The messages of one plan, with counts. */
export interface Plan {
  readonly messages: readonly QueueMessage[];
  /** Streams to poll: active ones, those whose turn it is, and those that an event woke. */
  readonly due: number;
  /** Streams to poll because they are active. */
  readonly busy: number;
}

/**
 * Sorts streams into messages. A stream not among the `known` is due at once; `known` is null when nothing is known.
 * Pure; docs/scale.md uses it for its figures.
 */
export function planMessages(
  streams: readonly ShardStream[],
  activity: ReadonlyMap<StreamKey, number>,
  span: Interval,
  rules: PlanRules,
  known: ReadonlySet<StreamKey> | null = null,
): Plan {
  const busy: ShardStream[] = [];
  const quiet: ShardStream[] = [];
  for (const each of streams) {
    const key = streamKey(each.stream);
    const activeMs = activity.get(key) ?? null;
    const isNew = known !== null && !known.has(key);
    if (!isNew && !isDue(key, activeMs, span, rules)) continue;
    if (activeMs === owingMs) busy.push({ ...each, owes: true });
    else if (activeMs !== null && isBusy(activeMs)) busy.push(each);
    else quiet.push(each);
  }
  const everySeconds = rules.everyMs / 1_000;
  const busyShards = shardsOf(busy, rules.shardSize).map(shardText);
  const quietShards = shardsOf(quiet, rules.shardSize).map(shardText);
  return {
    due: busy.length + quiet.length,
    busy: busy.length,
    messages: [
      ...Array.from({ length: rules.burst }, (_, turn) => (turn * everySeconds) / rules.burst).flatMap(
        (seconds) => busyShards.map((body) => ({ body, delaySeconds: Math.floor(seconds) })),
      ),
      // Spread over the interval, for an even load on the API.
      ...quietShards.map((body, index) => ({
        body,
        delaySeconds: Math.floor((index * everySeconds) / quietShards.length),
      })),
    ],
  };
}

/** Parts that a planner needs. */
export interface PlannerParts {
  readonly activity: ActivityIndex;
  readonly queue: Queue;
  readonly rules: PlanRules;
}

/** Streams that a plan may include. */
export interface Watched {
  readonly streams: readonly ShardStream[];
  /** Whether some source was never listed; its streams are then those with records. */
  readonly isPartial: boolean;
  /** Of the records in the index, the streams to poll that are in no list. */
  unlisted(records: ReadonlyMap<StreamKey, number>): readonly ShardStream[];
}

/** Plans the polls of a fleet. */
export interface Planner {
  /** Sends polls of these streams at once, whatever is due. @throws AwsError */
  pollNow(streams: readonly ShardStream[], options: CallOptions): Promise<Plan>;
  /**
   * Sends the polls due since the last plan. A failed or repeated plan costs polls, but no change is lost: each poll
   * continues from the stream's record.
   * @throws StoreError, AwsError; the next plan then covers this interval too
   */
  plan(watched: Watched, nowMs: number, options: CallOptions): Promise<Plan>;
}

/** Creates a planner. It remembers in memory what it planned until when; a new container plans all streams first. */
export function openPlanner({ activity, queue, rules }: PlannerParts): Planner {
  let plannedMs = Number.NEGATIVE_INFINITY;
  let known: ReadonlySet<StreamKey> | null = null;
  return {
    async pollNow(streams, options) {
      const messages = shardsOf(streams, rules.shardSize).map((shard) => ({ body: shardText(shard) }));
      await queue.send(messages, options);
      return { messages, due: streams.length, busy: 0 };
    },
    async plan({ streams, isPartial, unlisted }, nowMs, options) {
      const afterMs = Math.max(plannedMs, nowMs - rules.maxIdleMs);
      const span = { afterMs: Math.min(afterMs, nowMs), untilMs: nowMs };
      const active = await activity.activeSince(isPartial ? 0 : span.afterMs - coolingMs(rules));
      const all = [...streams, ...unlisted(active)];
      const plan = planMessages(all, active, span, rules, known);
      await queue.send(plan.messages, options);
      plannedMs = Math.max(nowMs, plannedMs);
      known = new Set(all.map(({ stream }) => streamKey(stream)));
      return plan;
    },
  };
}
