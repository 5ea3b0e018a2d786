/** Kinds of events, the last part of an event's type. */
export type EventKind =
  | "created"
  | "executing"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "deleted"
  | "overdue"
  | "vanished"
  | "unknown"
  | StreamEventKind;

/** Kinds of events about a stream itself. */
export type StreamEventKind = "unreadable" | "recovered";

type TaskEventKind = Exclude<EventKind, StreamEventKind>;

const taskKinds: Readonly<Record<string, TaskEventKind>> = {
  CREATED: "created",
  EXECUTING: "executing",
  SUCCESS: "succeeded",
  FAILED: "failed",
  CANCELLED: "cancelled",
  DELETED: "deleted",
  OVERDUE: "overdue",
  VANISHED: "vanished",
};
const streamKinds: Readonly<Record<string, StreamEventKind>> = {
  UNREADABLE: "unreadable",
  RECOVERED: "recovered",
};

/** Kind of the event of a task's new status; `unknown` for a status that is not documented. */
export const kindOfTaskStatus = (status: string): TaskEventKind =>
  Object.hasOwn(taskKinds, status) ? (taskKinds[status] ?? "unknown") : "unknown";

/** Kind of any event's status, those of a stream's outage included. */
export const kindOfStatus = (status: string): EventKind =>
  (Object.hasOwn(streamKinds, status) ? streamKinds[status] : undefined) ?? kindOfTaskStatus(status);
