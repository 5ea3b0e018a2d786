import type { TaskId } from "../core/names.ts";

/** A DMS background task from the API. */
export interface Task {
  readonly id: TaskId;
  readonly name: string;
  /** CREATED, EXECUTING, SUCCESS, FAILED, CANCELLED or DELETED; unknown statuses are passed through. */
  readonly status: string;
  /** The API's `params`: JSON text, parsed only when an event is built. */
  readonly params: string | null;
  readonly user: { readonly id: string | null; readonly name: string | null };
  /** Creation time, epoch milliseconds; `updated_at` when `created_at` is missing. */
  readonly createdAtMs: number;
  /** Epoch milliseconds; null where the API gave none. */
  readonly updatedAtMs: number | null;
}

/** Time of a task's event: `updated_at`, or the creation time when that is missing; epoch milliseconds. */
export const stampMs = ({ updatedAtMs, createdAtMs }: Pick<Task, "updatedAtMs" | "createdAtMs">): number =>
  updatedAtMs ?? createdAtMs;

/** The status in which every task begins. */
export const firstStatus = "CREATED";

const finalStatuses: ReadonlySet<string> = new Set(["SUCCESS", "FAILED", "CANCELLED", "DELETED"]);
const openStatuses: ReadonlySet<string> = new Set([firstStatus, "EXECUTING"]);

/** The statuses that the API documents. */
export const statuses: readonly string[] = [...openStatuses, ...finalStatuses];

/** Whether the status is final. Unknown statuses count as open, so that the task's end is not missed. */
export const isFinal = (status: string): boolean => finalStatuses.has(status);

/** Whether the API documents this status. */
export const isKnownStatus = (status: string): boolean => statuses.includes(status);
