import { isFinal } from "./task.ts";

/** What is remembered of a task while it is open or inside the window. */
export interface KnownTask {
  readonly status: string;
  readonly createdAtMs: number;
  /** The task's updated_at when it took this status. */
  readonly updatedAtMs: number;
  /** Of an open task, for the events that may have to be made without it; empty once it is final. */
  readonly name: string;
  /** The task's `overdue` was told. */
  readonly overdueTold: boolean;
  /** The task's `vanished` was told. */
  readonly vanishedTold: boolean;
  /** The API no longer knows the task. */
  readonly gone: boolean;
}

/** Whether a known task's end may still come. */
export const isOpen = (known: KnownTask): boolean => !known.gone && !isFinal(known.status);
