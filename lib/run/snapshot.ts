import { eachOf } from "../async/each.ts";
import { type Difference, type DiffRules, diffGone, diffTask, isStale } from "../change/diff.ts";
import { isOpen } from "../change/known.ts";
import type { Task } from "../change/task.ts";
import { isInWindow } from "../change/window.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { CallOptions } from "../core/clock.ts";
import { SourceError } from "../core/errors.ts";
import type { Stream, TaskId } from "../core/names.ts";
import type { TaskSource } from "../source/task-source.ts";
import type { Log } from "../telemetry/log.ts";

const singlesAtOnce = 4;
const surelyPastMs = 60_000;
/** Signatures are refused at fifteen minutes. */
const tellSkewMs = 60_000;

/** What one poll read for one stream, less what was known already. */
export interface Snapshot {
  readonly beginMs: number;
  /** Tasks the listing held. */
  readonly count: number;
  /** Tasks that differ from what was known when they were read, by id. */
  readonly tasks: ReadonlyMap<TaskId, Task>;
  /** Open tasks that the API no longer knows. */
  readonly gone: ReadonlySet<TaskId>;
  /** Creations the window must not pass: records that could not be read, or the begin where the listing is in doubt. */
  readonly unreadMs: readonly number[];
  /** The API's clock less ours. */
  readonly clockSkewMs: number;
}

/**
 * Lists the stream's window, page by page, and looks up one by one the open tasks that the listing did not show:
 * those older than the window, and those that may be gone.
 * @throws SourceError
 */
export async function readSnapshot(
  place: { readonly stream: Stream; readonly source: TaskSource; readonly log: Log },
  checkpoint: Checkpoint,
  rules: DiffRules,
  options: CallOptions,
): Promise<Snapshot> {
  const beginMs = checkpoint.watermarkMs;
  const tasks = new Map<TaskId, Task>();
  const unreadMs: number[] = [];
  const unseen = new Set<TaskId>();
  for (const [id, known] of checkpoint.known) if (isOpen(known)) unseen.add(id);
  let count = 0;
  let doubtful = false;
  let clockSkewMs = 0;
  for await (const page of place.source.list(place.stream, beginMs, options)) {
    count += page.tasks.length;
    clockSkewMs = page.clockSkewMs ?? clockSkewMs;
    // Whether an end is news is told by the API's clock, which the answers tell only roughly.
    const pastMs = (rules.baselineMs ?? Number.NEGATIVE_INFINITY) + clockSkewMs - surelyPastMs;
    for (const task of page.tasks) {
      const known = checkpoint.known.get(task.id);
      if (unseen.size > 0) unseen.delete(task.id);
      const read = tasks.size > 0 ? tasks.get(task.id) : undefined;
      if (read && isStale(read, task)) continue;
      const difference = diffTask(known, task, rules);
      const isPast = difference?.changes.length === 0 && task.updatedAtMs < pastMs;
      if (difference) tasks.set(task.id, isPast ? unspoken(task) : task);
      else if (read) tasks.delete(task.id);
    }
    for (const { createdAtMs } of page.skipped) unreadMs.push(createdAtMs ?? beginMs);
    if (page.doubt !== null) {
      doubtful = true;
      unreadMs.push(beginMs);
      place.log("warn", "a listing may lack tasks", { instance: place.stream.instanceId, doubt: page.doubt });
    }
  }
  if (Math.abs(clockSkewMs) > tellSkewMs) {
    place.log("warn", "the API's clock differs from this machine's", {
      instance: place.stream.instanceId,
      clockSkewMs,
    });
  }
  const gone = new Set<TaskId>();
  const singles = [...unseen].filter((id) => !(doubtful && isListed(checkpoint, id)));
  await eachOf(singles, singlesAtOnce, async (id) => {
    const task = await lookUp(place, id, options);
    if (task === null) gone.add(id);
    else if (task && diffTask(checkpoint.known.get(id), task, rules)) tasks.set(id, task);
  });
  return { beginMs, count, tasks, gone, unreadMs, clockSkewMs };
}

const nobody = { id: null, name: null };

/** What is only remembered, and there may be very many of, is kept without what an event would say of it. */
const unspoken = (task: Task): Task => ({ ...task, params: null, user: nobody });
const isUnspoken = ({ user }: Task): boolean => user === nobody;

/**
 * The differences of a snapshot from a checkpoint, oldest task first. The checkpoint may be newer than the one the
 * snapshot began from: a task outside its window that it does not know has ended, was told and is forgotten.
 */
export function differencesOf(
  snapshot: Snapshot,
  checkpoint: Checkpoint,
  rules: DiffRules,
): readonly Difference[] {
  const found: Difference[] = [];
  for (const task of snapshot.tasks.values()) {
    const known = checkpoint.known.get(task.id);
    if (!known && !isInWindow(task.createdAtMs, checkpoint.watermarkMs)) continue;
    const difference = diffTask(known, task, rules);
    // What was no news when it was read is none for a record that another run has taken further since.
    if (difference) found.push(isUnspoken(task) ? { ...difference, changes: [] } : difference);
  }
  for (const id of snapshot.gone) {
    const known = checkpoint.known.get(id);
    const difference = known && diffGone(id, known);
    if (difference) found.push(difference);
  }
  return found.sort((a, b) => a.known.createdAtMs - b.known.createdAtMs || (a.id < b.id ? -1 : 1));
}

const isListed = (checkpoint: Checkpoint, id: TaskId): boolean => {
  const known = checkpoint.known.get(id);
  return known !== undefined && isInWindow(known.createdAtMs, checkpoint.watermarkMs);
};

/** Undefined when this one look-up failed: the task stays as it is known, and the stream goes on. */
async function lookUp(
  place: { readonly stream: Stream; readonly source: TaskSource; readonly log: Log },
  id: TaskId,
  options: CallOptions,
): Promise<Task | null | undefined> {
  try {
    return await place.source.get(place.stream, id, options);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    place.log("warn", "a task could not be looked up", { task: id, reason: error.reason });
    return undefined;
  }
}
