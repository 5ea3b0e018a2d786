import type { Task } from "../change/task.ts";
import type { CallOptions } from "../core/clock.ts";
import type { Stream, TaskId } from "../core/names.ts";

/** A record of the API that cannot be read as a task: reported and passed over, so that it never costs the page. */
export interface SkippedTask {
  readonly id: string | null;
  /** Null when even its creation cannot be read. */
  readonly createdAtMs: number | null;
  /** Which field is wrong and what was found, with values left out. */
  readonly problem: string;
}

export interface Page {
  readonly tasks: readonly Task[];
  readonly skipped: readonly SkippedTask[];
  /** The API's clock less ours, from the Date header; null where it sent none. */
  readonly clockSkewMs: number | null;
  /** Why the listing may lack something though every page was read; null when nothing speaks for that. */
  readonly doubt: string | null;
}

export interface ListOptions extends CallOptions {
  /** No task created later, to the second; no bound where left out. */
  readonly endMs?: number;
}

export interface TaskSource {
  /**
   * The tasks created at or after `beginMs` (cut down to its second; no bound at 0 or less), page by page, so that
   * memory stays flat. A task comes again only when it changed while the listing was read. A listing that goes on and on
   * is ended, in doubt.
   * @throws SourceError
   */
  list(stream: Stream, beginMs: number, options: ListOptions): AsyncIterable<Page>;
  /**
   * One task; null when the API says by a code of its own that it knows no such task.
   * @throws SourceError for any other answer without the task
   */
  get(stream: Stream, id: TaskId, options: CallOptions): Promise<Task | null>;
  /** Frees the connections. */
  close(): Promise<void>;
}
