import type { TaskId } from "../core/names.ts";

/** One DMS background task, as the API shows it. */
export interface Task {
  readonly id: TaskId;
  readonly name: string;
  /** CREATED, EXECUTING, SUCCESS, FAILED, CANCELLED, DELETED; others may come and are carried as they are. */
  readonly status: string;
  /** The API's `params`: JSON inside a string, parsed only when an event is made of it. */
  readonly params: string | null;
  readonly user: { readonly id: string | null; readonly name: string | null };
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

const finalStatuses: ReadonlySet<string> = new Set(["SUCCESS", "FAILED", "CANCELLED", "DELETED"]);
const openStatuses: ReadonlySet<string> = new Set(["CREATED", "EXECUTING"]);

/** Whether a task in this status has ended. An unknown status counts as open, so that its end is not missed. */
export const isFinal = (status: string): boolean => finalStatuses.has(status);

export const isKnownStatus = (status: string): boolean =>
  finalStatuses.has(status) || openStatuses.has(status);
