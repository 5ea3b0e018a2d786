import type { Clock } from "../core/clock.ts";
import type { Position } from "./paging.ts";
import type { TaskPage } from "./parse.ts";

/** While the first page's count promises more, a listing may take this many times the budget. */
const promisedFactor = 10;

/**
 * Whether a listing has gone on for too long, and why; null while it may go on. An API that invents tasks without end
 * must not hold up its run.
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
    return clock.now() - startedMs < limitMs ? null : `the listing goes on after ${limitMs / 1_000} s`;
  };
}

/** Whether the API has shown that `end_time` keeps its rows from shifting; one for each source. */
export interface HeadMemory {
  isPinned: boolean;
}

/** The end_time that pins a listing's head, so that tasks which appear while it is read do not shift its rows. */
export class Head {
  /** Null on a first page, and where the API cannot be trusted with it. */
  endMs: number | null = null;
  readonly #memory: HeadMemory;
  #pass = -1;
  #count: number | null = null;

  constructor(memory: HeadMemory) {
    this.#memory = memory;
  }

  /** Called before each page: a new pass begins without a pin. */
  turnTo({ pass }: Position): void {
    if (pass === this.#pass) return;
    this.#pass = pass;
    this.endMs = null;
    this.#count = null;
  }

  /** Told of each page; `apiNowMs` is the API's clock. */
  note({ tasks, received, taskCount }: TaskPage, apiNowMs: number): void {
    if (this.#count !== null && this.endMs !== null && taskCount !== null && taskCount < this.#count)
      this.drop();
    // Without a count that promises more, nothing would show what an end_time leaves out.
    if (this.#count !== null || taskCount === null || taskCount <= received || !this.#memory.isPinned) return;
    this.#count = taskCount;
    const newestMs = tasks.reduce((newest, { createdAtMs }) => Math.max(newest, createdAtMs), apiNowMs);
    // Whether the bound itself is included is documented nowhere: a second of slack.
    this.endMs = Math.floor(newestMs / 1_000) * 1_000 + 1_000;
  }

  /** The API refuses it, or leaves out by it what stood in the list: a zone of its own, for instance. */
  drop(): void {
    this.#memory.isPinned = false;
    this.endMs = null;
  }
}
