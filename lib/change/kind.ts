import type { EventKind, StreamEventKind } from "./event.ts";

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
