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
  /** Of a record without `created_at`, its `updated_at`. */
  readonly createdAtMs: number;
  /** Null where the API gave none. */
  readonly updatedAtMs: number | null;
}

/** The instant that a task's event bears: `updated_at`, or the creation where the API gave none. */
export const stampMs = ({ updatedAtMs, createdAtMs }: Pick<Task, "updatedAtMs" | "createdAtMs">): number =>
  updatedAtMs ?? createdAtMs;

/** The status before which a task has no other. */
export const firstStatus = "CREATED";

const finalStatuses: ReadonlySet<string> = new Set(["SUCCESS", "FAILED", "CANCELLED", "DELETED"]);
const openStatuses: ReadonlySet<string> = new Set([firstStatus, "EXECUTING"]);

/** Whether a task in this status has ended. An unknown status counts as open, so that its end is not missed. */
export const isFinal = (status: string): boolean => finalStatuses.has(status);

export const isKnownStatus = (status: string): boolean =>
  finalStatuses.has(status) || openStatuses.has(status);
