import type { Task } from "../change/task.ts";
import type { TaskPage } from "./parse.ts";
import type { SkippedTask } from "./task-source.ts";

export interface Joined {
  /** The tasks not given before, or newer than when they were; of one page's versions the newest. */
  readonly tasks: readonly Task[];
  readonly skipped: readonly SkippedTask[];
  /** Records, the skipped ones included, that this pass had not met yet. */
  readonly brought: number;
  /** Tasks that repeat one of the same page: they take no position in the listing. */
  readonly doubled: number;
}

interface Known {
  status: string;
  updatedAtMs: number;
  pass: number;
  page: number;
}

/**
 * Joins the pages of one listing by id, since positions shift while it is read and a record can come twice.
 * What it returns takes a page, and the number of the pass that read it.
 */
export function joinById(): (page: Pick<TaskPage, "tasks" | "skipped">, pass: number) => Joined {
  const given = new Map<string, Known>();
  const reported = new Map<string, { pass: number }>();
  let pages = 0;
  return (page, pass) => {
    pages += 1;
    let brought = 0;
    let doubled = 0;
    const fresh: Task[] = [];
    let hasVersions = false;
    for (const task of page.tasks) {
      const { id, status, updatedAtMs } = task;
      const known = given.get(id);
      if (known?.pass !== pass) brought += 1;
      if (known === undefined) {
        given.set(id, { status, updatedAtMs, pass, page: pages });
        fresh.push(task);
        continue;
      }
      if (known.page === pages) doubled += 1;
      known.pass = pass;
      known.page = pages;
      if (!supersedes(task, known)) continue;
      known.status = status;
      known.updatedAtMs = updatedAtMs;
      fresh.push(task);
      hasVersions = true;
    }
    const skipped = page.skipped.filter((record) => {
      const key = skippedKey(record);
      const known = reported.get(key);
      if (known?.pass !== pass) brought += 1;
      reported.set(key, { pass });
      return known === undefined;
    });
    return { tasks: hasVersions ? newest(fresh) : fresh, skipped, brought, doubled };
  };
}

// Of two statuses within one millisecond, the one read later counts.
const supersedes = (task: Task, known: Known): boolean =>
  task.updatedAtMs > known.updatedAtMs ||
  (task.updatedAtMs === known.updatedAtMs && task.status !== known.status);

/** Of tasks whose versions stand in the order of their age. */
const newest = (tasks: readonly Task[]): readonly Task[] => [
  ...new Map(tasks.map((task) => [task.id, task])).values(),
];

/** Without an id, its creation and problem tell a record from others as well as can be. */
export const skippedKey = ({ id, createdAtMs, problem }: SkippedTask): string =>
  id ?? `${createdAtMs}: ${problem}`;
