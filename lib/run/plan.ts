import type { DiffRules } from "../change/diff.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { WindowReach } from "../checkpoint/instants.ts";
import type { ParkedStore } from "../checkpoint/parked.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import type { StartFrom } from "../checkpoint/transitions.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { PartError } from "../core/errors.ts";
import type { RunId, SinkName, Stream, StreamKey } from "../core/names.ts";
import type { DeadLetterStore } from "../delivery/dead-letters.ts";
import type { SinkDispatcher } from "../delivery/sink-dispatcher.ts";
import type { LookBudget } from "../source/look-budget.ts";
import type { TaskSource } from "../source/task-source.ts";
import type { Log } from "../telemetry/log.ts";
import type { CommitRules } from "./commit-plan.ts";
import type { RunObserver } from "./observer.ts";
import type { Snapshot } from "./snapshot.ts";

/** A stream and how to run it. */
export interface StreamPlan {
  readonly stream: Stream;
  /** Null for a stream with only pending deliveries: it is not read, and no record is created. */
  readonly source: TaskSource | null;
  /** When a complete list of instances lacked this one, epoch milliseconds; omitted when it did not. */
  readonly absentMs?: number | undefined;
  /**
   * For a new instance with `startFrom: now`: emit its tasks since this instant, epoch milliseconds; otherwise omitted.
   */
  readonly sinceMs?: number | undefined;
  readonly rules: CommitRules;
  readonly startFrom: StartFrom;
  readonly overdueAfterMs: DiffRules["overdueAfterMs"];
  /** How the stream is followed while it has an open task; omitted: it is read once in a run. */
  readonly follow?: FollowRules | undefined;
}

/** How a stream with an open task is followed within a run. */
export interface FollowRules {
  /** Shortest time between two looks, milliseconds. */
  readonly everyMs: number;
  /** Budget of the stream's access key. */
  readonly budget: LookBudget;
  /** Streams that runs of this process follow, each until its signal aborts: of overlapping runs one makes the looks. */
  readonly followed: Map<StreamKey, AbortSignal>;
}

/** Time in which a run follows streams. */
export interface FollowTime {
  /** No look starts at or after this instant, epoch milliseconds. */
  readonly untilMs: number;
  /** Aborts at that instant, by a timer that ignores jumps of the clock. */
  readonly over: AbortSignal;
}

/** How far back the window of a stream may begin. */
export const reachOf = ({ startFrom, rules }: StreamPlan): WindowReach => ({
  ...rules,
  startMs: typeof startFrom === "object" ? startFrom.instantMs : null,
});

/** Settings and parts shared by the streams of one run. */
export interface RunContext {
  readonly run: RunId;
  /** Milliseconds that one stream may commit and deliver after it was listed. */
  readonly timeBudgetMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  readonly parked: ParkedStore;
  /** Whether a journal is kept. */
  readonly isJournaled: boolean;
  readonly dispatchers: ReadonlyMap<SinkName, SinkDispatcher>;
  readonly observer: RunObserver;
  /** The API's clock less ours, milliseconds, by the last answers to any stream; null while none told. */
  readonly clockSkewMs: () => number | null;
}

/** Result of one stream's run. */
export interface StreamOutcome {
  readonly snapshot: Snapshot | null;
  readonly changes: number;
  readonly accepted: ReadonlyMap<SinkName, number>;
  readonly filtered: ReadonlyMap<SinkName, number>;
  readonly deadLettered: ReadonlyMap<SinkName, number>;
  readonly checkpoint: Checkpoint | null;
  readonly error: PartError | null;
}
