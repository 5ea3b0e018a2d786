import type { Task } from "../change/task.ts";
import type { CallOptions } from "../core/clock.ts";
import type { Stream, TaskId } from "../core/names.ts";
import type { Dialect } from "./paging.ts";

/** An API record that is not readable as a task. It is reported and skipped, so that the rest of its page counts. */
export interface SkippedTask {
  readonly id: string | null;
  /** Epoch milliseconds; null when the creation is unreadable too. */
  readonly createdAtMs: number | null;
  /** The wrong field and what was found, without values. */
  readonly problem: string;
}

/** A page of tasks. */
export interface Page {
  readonly tasks: readonly Task[];
  readonly skipped: readonly SkippedTask[];
  /** API clock minus local clock from the Date header, milliseconds; null without one. */
  readonly clockSkewMs: number | null;
  /** Why the listing may be incomplete although every page was read; null when nothing suggests it. */
  readonly doubt: string | null;
  /** How the API numbers records, as far as its answers show. @default not known */
  readonly dialect?: Dialect;
}

/** Options of a listing. */
export interface TaskListOptions extends CallOptions {
  /** Upper bound of creation times, epoch milliseconds, to the second. @default none */
  readonly endMs?: number;
}

/** Reads the tasks of streams. */
export interface TaskSource {
  /**
   * Lists the tasks created at or after `beginMs` (rounded down to the second; 0 or less: no bound), page by page, so
   * that memory stays flat. A task repeats only when it changed during reading. An endless listing is ended with a
   * doubt.
   * @throws SourceError
   */
  list(stream: Stream, beginMs: number, options: TaskListOptions): AsyncIterable<Page>;
  /**
   * Reads one task; null when the API reports that the task does not exist.
   * @throws SourceError for any other response without the task
   */
  get(stream: Stream, id: TaskId, options: CallOptions): Promise<Task | null>;
  /** Closes the connections. */
  close(): Promise<void>;
}
