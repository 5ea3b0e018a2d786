import type { DiffRules } from "../change/diff.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { ParkedStore } from "../checkpoint/parked.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import type { StartFrom } from "../checkpoint/transitions.ts";
import type { Clock } from "../core/clock.ts";
import type { PartError } from "../core/errors.ts";
import type { RunId, SinkName, Stream } from "../core/names.ts";
import type { DeadLetterStore } from "../delivery/dead-letters.ts";
import type { SinkDispatcher } from "../delivery/sink-dispatcher.ts";
import type { TaskSource } from "../source/task-source.ts";
import type { Log } from "../telemetry/log.ts";
import type { CommitRules } from "./commit-plan.ts";
import type { RunObserver } from "./observer.ts";
import type { Snapshot } from "./snapshot.ts";

/** One stream and how it is watched. */
export interface StreamPlan {
  readonly stream: Stream;
  /** Null for a stream that is only owed its deliveries: nothing is read, and no record is made. */
  readonly source: TaskSource | null;
  /** When a whole list of its project's instances lacked the stream's; left out where none did. */
  readonly absentMs?: number | undefined;
  /** Of a new instance, since when its tasks are news for `startFrom: now`; left out for any other. */
  readonly sinceMs?: number | undefined;
  readonly rules: CommitRules;
  readonly startFrom: StartFrom;
  readonly overdueAfterMs: DiffRules["overdueAfterMs"];
}

/** What the streams of one run share. */
export interface RunContext {
  readonly run: RunId;
  /** How long one stream may commit and deliver, once it is listed. */
  readonly timeBudgetMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  readonly parked: ParkedStore;
  readonly dispatchers: ReadonlyMap<SinkName, SinkDispatcher>;
  readonly observer: RunObserver;
}

/** What one stream's run did. */
export interface StreamOutcome {
  readonly snapshot: Snapshot | null;
  readonly changes: number;
  readonly accepted: ReadonlyMap<SinkName, number>;
  readonly filtered: ReadonlyMap<SinkName, number>;
  readonly deadLettered: ReadonlyMap<SinkName, number>;
  readonly checkpoint: Checkpoint | null;
  readonly error: PartError | null;
}
