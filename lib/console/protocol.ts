import type { EventKind } from "../change/kind.ts";
import type { SinkStatus } from "../status/sinks.ts";
import type { StreamStatus } from "../status/streams.ts";

// Messages from the console's server to its page: plain JSON, instants in epoch milliseconds.

/** A status that a task had, and since when. */
export interface Step {
  readonly status: string;
  readonly atMs: number;
}

/** One bar of the timeline. */
export interface TaskRow {
  /** `{stream key}/{task id}` */
  readonly key: string;
  readonly stream: string;
  readonly id: string;
  /** At most 200 characters; empty when the record did not keep it. */
  readonly name: string;
  readonly user: string | null;
  readonly status: string;
  readonly createdAtMs: number;
  /** Null while the task is open. */
  readonly endedAtMs: number | null;
  /** Median duration of recent successful tasks of this name; null while unknown. */
  readonly typicalMs: number | null;
  /** Status that the bridge adds to the API's. */
  readonly mark: "overdue" | "vanished" | null;
  /** Oldest first. */
  readonly steps: readonly Step[];
}

/** State of one event at one sink. */
export interface DeliveryRow {
  readonly sink: string;
  readonly state: "pending" | "accepted" | "retrying" | "blocked" | "abandoned";
  readonly attempts: number;
}

/** One event of the live list. */
export interface EventRow {
  readonly id: string;
  /** When the event was committed. */
  readonly atMs: number;
  readonly kind: EventKind;
  readonly from: string | null;
  readonly to: string;
  readonly stream: string;
  /** Key of the event's task. */
  readonly task: string;
  readonly taskName: string;
  readonly user: string | null;
  readonly durationMs: number;
  /** From the change in the API to its commit here. */
  readonly lagMs: number;
  readonly deliveries: readonly DeliveryRow[];
}

/** One attempt of a delivery. */
export interface AttemptRow {
  readonly sink: string;
  /** When it ended. */
  readonly atMs: number;
  /** Null where only the journal tells of it. */
  readonly durationMs: number | null;
  /** `permanent`: it was given up; `redriven`: an operator made it pending again. */
  readonly kind: "accepted" | "retry" | "blocked" | "permanent" | "redriven";
  readonly reason: string | null;
  /** The receiver's answer in one line; null when the event was accepted. */
  readonly detail: string | null;
}

/** Attempts within one interval. */
export interface FlowBucket {
  readonly startMs: number;
  readonly accepted: number;
  readonly failed: number;
}

/** Status and throughput of one sink. */
export interface SinkRow extends SinkStatus {
  readonly name: string;
  readonly type: string;
  /** Whether the sink's messages can be drawn. */
  readonly isChat: boolean;
  readonly deadLetters: number;
  /** Attempts seen since the start, or in the journal that was read. */
  readonly accepted: number;
  readonly failed: number;
  readonly lastAcceptedMs: number | null;
  /** Oldest first; intervals without an attempt are left out. */
  readonly flow: readonly FlowBucket[];
}

/** Status and polls of one watched instance. */
export interface StreamRow extends StreamStatus {
  readonly engine: string;
  readonly region: string;
  readonly project: string;
  readonly instance: string;
  /** End of the last successful poll; null when this process saw none. */
  readonly polledAtMs: number | null;
  readonly watermarkMs: number | null;
  /** Median time from a change in the API to its commit, over recent events; null while unknown. */
  readonly lagMs: number | null;
  /** Requests to the API since the start, retries included; null when this process made none. */
  readonly calls: number | null;
  readonly errors: number | null;
  /** Open tasks. */
  readonly open: number;
}

/** How a receiver of the demo answers: it accepts, has an outage, has revoked our access, or rejects each event. */
export type ReceiverState = "up" | "down" | "revoked" | "rejecting";

/** State of the demo's simulator. */
export interface SimulatorState {
  readonly sinks: Readonly<Record<string, ReceiverState>>;
  readonly isThrottled: boolean;
}

/** Constant while the server runs, except for the simulator's state. */
export interface Meta {
  readonly mode: "demo" | "watch" | "console";
  readonly store: string;
  /** Whether the page may change anything. */
  readonly allowsChanges: boolean;
  readonly startedAtMs: number;
  readonly bucketMs: number;
  readonly simulator: SimulatorState | null;
}

/** Everything, for a page that has just connected. */
export interface ConsoleSnapshot {
  readonly nowMs: number;
  readonly meta: Meta;
  readonly tasks: readonly TaskRow[];
  /** Oldest first. */
  readonly events: readonly EventRow[];
  readonly sinks: readonly SinkRow[];
  readonly streams: readonly StreamRow[];
  /** Why the store cannot be read; null while it can. */
  readonly trouble: string | null;
}

/** Rows that are new or differ from what was sent before. */
export interface Patch extends Partial<Omit<ConsoleSnapshot, "nowMs">> {
  readonly nowMs: number;
  readonly removedTasks?: readonly string[];
}

/** One event with its deliveries, as the bridge sent it. */
export interface EventStory {
  readonly row: EventRow;
  /** The CloudEvent as JSON text, because a browser would round its long numbers. */
  readonly json: string;
  /** Oldest first. */
  readonly attempts: readonly AttemptRow[];
}

/** Everything known about one task. */
export interface TaskStory {
  readonly row: TaskRow;
  readonly fullName: string;
  readonly user: { readonly id: string | null; readonly name: string | null };
  /** JSON text with its secrets masked; null for a task without params. */
  readonly params: string | null;
  /** Oldest first. */
  readonly events: readonly EventStory[];
}

/** A delivery that was given up. */
export interface DeadLetterRow {
  readonly id: string;
  readonly sink: string;
  readonly stream: string;
  readonly task: string;
  readonly taskName: string;
  readonly to: string;
  readonly reason: string;
  readonly detail: string;
  readonly attempts: number;
  readonly givenUpAtMs: number;
}
