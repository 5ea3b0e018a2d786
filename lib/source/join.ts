import { stampMs, type Task } from "../change/task.ts";
import type { TaskId } from "../core/names.ts";
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

/**
 * Joins the pages of one listing by id, since positions shift while it is read and a record can come twice.
 * What it returns takes a page, and the number of the pass that read it.
 */
export function joinById(): (page: Pick<TaskPage, "tasks" | "skipped">, pass: number) => Joined {
  const versionOf = versions();
  const reported = new Map<string, { pass: number }>();
  const given = new History();
  let met = given;
  let passes = 0;
  return (page, pass) => {
    if (pass !== passes) met = new History();
    passes = pass;
    let brought = 0;
    let doubled = 0;
    let places: ReadonlyMap<TaskId, number> | null = null;
    let hasVersions = false;
    const fresh = page.tasks.filter((task, place) => {
      const version = versionOf(task);
      const known = given.note(task, version);
      if ((met === given ? known : met.note(task, version)) === null) brought += 1;
      else {
        places ??= firstPlaces(page.tasks);
        if (places.get(task.id) !== place) doubled += 1;
      }
      if (known === null) return true;
      hasVersions ||= supersedes(version, known);
      return supersedes(version, known);
    });
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

/**
 * The tasks noted so far and the newest version of each. While they come newest first, as the API gives them, one that
 * is older than all before it cannot have come before: then nothing is looked up, and nothing hashed. The first one
 * out of that order has the index made.
 */
class History {
  readonly #ids: TaskId[] = [];
  readonly #versions: number[] = [];
  #index: Map<TaskId, number> | null = null;
  #oldestMs = Number.POSITIVE_INFINITY;

  /** The version known so far, null of a new task; keeps the newer one. */
  note({ id, createdAtMs }: Task, version: number): number | null {
    if (this.#index === null && createdAtMs < this.#oldestMs) {
      this.#oldestMs = createdAtMs;
      this.#ids.push(id);
      this.#versions.push(version);
      return null;
    }
    this.#index ??= new Map(this.#ids.map((each, place) => [each, this.#versions[place] ?? 0]));
    const known = this.#index.get(id) ?? null;
    if (known === null || supersedes(version, known)) this.#index.set(id, version);
    return known;
  }
}

/** Statuses told apart; an API has six. */
const maxStatuses = 32;

/** A task's update and status in one number: the later update has the greater, and only equal statuses have equal ones. */
function versions(): (task: Task) => number {
  const codes = new Map<string, number>();
  return (task) => {
    const { status } = task;
    let code = codes.get(status);
    if (code === undefined) {
      code = codes.size % maxStatuses;
      codes.set(status, code);
    }
    return stampMs(task) * maxStatuses + code;
  };
}

// Of two statuses within one millisecond, the one read later counts.
const supersedes = (version: number, known: number): boolean =>
  version !== known && Math.floor(version / maxStatuses) >= Math.floor(known / maxStatuses);

const firstPlaces = (tasks: readonly Task[]): ReadonlyMap<TaskId, number> =>
  new Map(tasks.map(({ id }, place) => [id, place] as const).reverse());

/** Of tasks whose versions stand in the order of their age. */
const newest = (tasks: readonly Task[]): readonly Task[] => [
  ...new Map(tasks.map((task) => [task.id, task])).values(),
];

/** Without an id, its creation and problem tell a record from others as well as can be. */
export const skippedKey = ({ id, createdAtMs, problem }: SkippedTask): string =>
  id ?? `${createdAtMs}: ${problem}`;
