import type { Clock } from "../core/clock.ts";
import type { Position } from "./paging.ts";
import type { TaskPage } from "./parse.ts";

/** A listing may take this many times the budget while the first page's count promises more. */
const promisedFactor = 10;

/**
 * Why a listing has taken too long; null while it may continue. An API that returns tasks endlessly must not block the
 * run.
 */
export function listingLimit(
  clock: Clock,
  budgetMs: number,
): (page: Pick<TaskPage, "received" | "taskCount">) => string | null {
  const startedMs = clock.now();
  let promised: number | null = null;
  let received = 0;
  return (page) => {
    promised ??= page.taskCount ?? 0;
    received += page.received;
    const limitMs = received < promised ? budgetMs * promisedFactor : budgetMs;
    return clock.now() - startedMs < limitMs ? null : `the listing has no end after ${limitMs / 1_000} s`;
  };
}

/** Whether the API has proved that `end_time` keeps its rows from shifting; one per source. */
export interface HeadMemory {
  isPinned: boolean;
}

/** The `end_time` that pins a listing's head, so that new tasks do not shift the rows during reading. */
export class ListingHead {
  /** Null on a first page, and when the API cannot be trusted with it. */
  endMs: number | null = null;
  readonly #memory: HeadMemory;
  #pass = -1;
  #count: number | null = null;

  constructor(memory: HeadMemory) {
    this.#memory = memory;
  }

  /** Call before each page: a new pass starts unpinned. */
  turnTo({ pass }: Position): void {
    if (pass === this.#pass) return;
    this.#pass = pass;
    this.endMs = null;
    this.#count = null;
  }

  /** Call after each page; `apiNowMs` is by the API's clock. */
  note({ tasks, received, taskCount }: TaskPage, apiNowMs: number): void {
    if (this.#count !== null && this.endMs !== null && taskCount !== null && taskCount < this.#count)
      this.drop();
    // Without a count that promises more, tasks that `end_time` excludes could not be noticed.
    if (this.#count !== null || taskCount === null || taskCount <= received || !this.#memory.isPinned) return;
    this.#count = taskCount;
    const newestMs = tasks.reduce((newest, { createdAtMs }) => Math.max(newest, createdAtMs), apiNowMs);
    // Undocumented whether the bound is inclusive: one second of slack.
    this.endMs = Math.floor(newestMs / 1_000) * 1_000 + 1_000;
  }

  /**
   * Stops pinning: the API refuses `end_time`, or excludes listed tasks with it, for example because of its time zone.
   */
  drop(): void {
    this.#memory.isPinned = false;
    this.endMs = null;
  }
}
