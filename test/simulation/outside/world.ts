/** What is true, whatever the API shows of it. Written from the contract: nothing here comes from the bridge. */

/** One state of a task; its place among the task's states is the order of truth. */
export interface State {
  readonly status: string;
  readonly atMs: number;
  /** What the API shows as updated_at, whatever it is worth; null: it is left out. */
  readonly stampMs: number | null;
}

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Task {
  readonly id: string;
  readonly instance: Instance;
  readonly createdMs: number;
  /** When it begins to be listed. */
  readonly visibleMs: number;
  readonly states: readonly State[];
  /** Deleted by a user; Infinity: never. */
  readonly deletedMs: number;
  /** The API does not find it for a while, though it is there. */
  readonly missing: Span | null;
  /** Its record lacks what a reader cannot do without, for a while. */
  readonly unreadable: Span | null;
  /** Fields that decorate the record, odd ones among them. */
  readonly decoration: Readonly<Record<string, unknown>>;
}

export interface Instance {
  readonly id: string;
  readonly project: Project;
  readonly tasks: Task[];
  /** When it was deleted, and when it came back: Infinity where it did not. */
  readonly absences: { fromMs: number; untilMs: number }[];
}

export type Credentials =
  | { readonly kind: "key"; readonly ak: string; readonly sk: string }
  | { readonly kind: "token" };

/** How a version of the API reads and answers a list request. */
export interface Dialect {
  readonly position: "start" | "offset";
  readonly maxLimit: number;
  readonly count: "text" | "number" | "missing" | "page";
  readonly endTime: "inclusive" | "exclusive" | "ignored";
  readonly hasNullForEmpty: boolean;
}

/** A source: one engine in one region and project, under one access key. */
export interface Project {
  readonly id: string;
  readonly engine: "rabbitmq" | "kafka" | "rocketmq";
  readonly region: string;
  readonly credentials: Credentials;
  readonly dialect: Dialect;
  /** Whether the configuration asks for all of its instances, or names them. */
  readonly watchesAll: boolean;
  readonly startFrom: "now" | "all";
  readonly lookbackMs: number;
  readonly maxOpenAgeMs: number;
  /** How long an instance may be unreadable before its event; null: for ever. */
  readonly unreadableAfterMs: number | null;
  readonly instances: Instance[];
}

const within = (span: Span | null | undefined, atMs: number): boolean =>
  !!span && span.fromMs <= atMs && atMs < span.untilMs;

export const finals: ReadonlySet<string> = new Set(["SUCCESS", "FAILED", "CANCELLED", "DELETED"]);

export const isAbsent = ({ absences }: Instance, atMs: number): boolean =>
  absences.some((span) => within(span, atMs));

/** The task's state at an instant, by its place; -1 before the first. */
export const stateAt = ({ states }: Task, atMs: number): number =>
  states.findLastIndex((state) => state.atMs <= atMs);

export const isReadable = (task: Task, atMs: number): boolean => !within(task.unreadable, atMs);

/** Whether the API as a whole knows the task at an instant. */
export const isThere = (task: Task, atMs: number): boolean =>
  task.visibleMs <= atMs && atMs < task.deletedMs && !isAbsent(task.instance, atMs);

/** Whether the API shows it: one that is missing for a while is there all the same. */
export const isShown = (task: Task, atMs: number): boolean =>
  isThere(task, atMs) && !within(task.missing, atMs);

export const streamKey = ({ id, project }: Instance): string =>
  `${project.engine}/${project.region}/${project.id}/${id}`;

/** The contract's id of the event that tells a state; the creation stands in for a missing stamp. */
export const eventId = (task: Task, { status, stampMs }: State): string =>
  `${task.instance.id}/${task.id}/${status}/${stampMs ?? task.createdMs}`;

const types: Readonly<Record<string, string>> = {
  CREATED: "created",
  EXECUTING: "executing",
  SUCCESS: "succeeded",
  FAILED: "failed",
  CANCELLED: "cancelled",
  DELETED: "deleted",
};

/** The contract's event type of a status. */
export const eventType = (status: string): string => `com.huaweicloud.dms.task.${types[status] ?? "unknown"}`;
