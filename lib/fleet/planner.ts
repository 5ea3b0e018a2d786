import type { Queue, QueueMessage } from "../aws/queue.ts";
import { type ActivityIndex, isBusy, owingMs } from "../checkpoint/activity.ts";
import type { CallOptions } from "../core/clock.ts";
import { type StreamKey, streamKey } from "../core/names.ts";
import { coolingMs, isDue, type ScheduleRules, type Span } from "./schedule.ts";
import { type ShardStream, shardsOf, shardText } from "./shard.ts";

export interface PlanRules extends ScheduleRules {
  /** Streams in one message. */
  readonly shardSize: number;
  /** Polls of an active stream within one plan's time. */
  readonly burst: number;
}

/** What one plan sends, and why. */
export interface Plan {
  readonly messages: readonly QueueMessage[];
  /** Streams to poll: the active ones, and those whose turn it is. */
  readonly due: number;
  /** Of these, the ones that are active now. */
  readonly busy: number;
}

/**
 * Sorts the streams into messages. One that is not among the `known` is due at once; null where nothing is known. Pure:
 * docs/scale.md counts with it.
 */
export function planMessages(
  streams: readonly ShardStream[],
  activity: ReadonlyMap<StreamKey, number>,
  span: Span,
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
      // Spread over the time until the next plan, so that the API sees an even load.
      ...quietShards.map((body, index) => ({
        body,
        delaySeconds: Math.floor((index * everySeconds) / quietShards.length),
      })),
    ],
  };
}

export interface PlannerParts {
  readonly activity: ActivityIndex;
  readonly queue: Queue;
  readonly rules: PlanRules;
}

/** The streams that a plan may name. */
export interface Watched {
  readonly streams: readonly ShardStream[];
  /** Whether a source was never listed: its streams are those that have records. */
  readonly isPartial: boolean;
  /** Of the records that the index names, the streams that no list has and that are to be served all the same. */
  unlisted(records: ReadonlyMap<StreamKey, number>): readonly ShardStream[];
}

export interface Planner {
  /**
   * Sends what is due since the last plan. Whoever fails, or plans twice, costs polls and never a change: a poll reads
   * from where the stream's record ends, however late it comes.
   * @throws StoreError, AwsError; the next plan then covers this one's time too
   */
  plan(watched: Watched, nowMs: number, options: CallOptions): Promise<Plan>;
}

/**
 * Remembers, for as long as its container lives, until when it has planned, and for which streams. A new one does not know
 * what the last one missed: its first plan has them all.
 */
export function openPlanner({ activity, queue, rules }: PlannerParts): Planner {
  let plannedMs = Number.NEGATIVE_INFINITY;
  let known: ReadonlySet<StreamKey> | null = null;
  return {
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
