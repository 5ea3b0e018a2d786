import { eachOf } from "../async/each.ts";
import { type Difference, type DiffRules, diffGone, diffTask, isLookDue } from "../change/diff.ts";
import { isOpen, isWatched, type KnownTask } from "../change/known.ts";
import { standingOf } from "../change/order.ts";
import { isFinal, stampMs, type Task } from "../change/task.ts";
import { isInWindow } from "../change/window.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { type WindowReach, withSoundWatermark } from "../checkpoint/instants.ts";
import type { CallOptions, Clock } from "../core/clock.ts";
import { SourceError } from "../core/errors.ts";
import type { Stream, TaskId } from "../core/names.ts";
import type { Page, TaskSource } from "../source/task-source.ts";
import type { Log } from "../telemetry/log.ts";

const singlesAtOnce = 4;
const surelyPastMs = 60_000;
/** Clock difference that is reported, milliseconds. The API refuses signatures at fifteen minutes. */
const reportSkewMs = 60_000;

/** A task as read by a poll. */
export interface SeenTask extends Task {
  /** Whether it ended before the baseline: it is remembered and emits nothing. */
  readonly baselineOnly?: true;
}

/** Result of polling one stream, without unchanged tasks. */
export interface Snapshot {
  readonly beginMs: number;
  /** Tasks in the listing. */
  readonly count: number;
  /** Tasks that differ from their known state or its instant at the time of reading, by id; less those committed since. */
  readonly tasks: Map<TaskId, SeenTask>;
  /** Tasks unknown to the API. */
  readonly gone: ReadonlySet<TaskId>;
  /** Records in the listing that are not readable as tasks. */
  readonly unreadable: number;
  /**
   * Instants that the watermark must not pass: creations of unreadable records, or the listing's begin when it may be
   * incomplete.
   */
  readonly unreadMs: readonly number[];
  /** API clock minus local clock, milliseconds. */
  readonly clockSkewMs: number;
  /** When it was read, by the API's clock. */
  readonly apiNowMs: number;
}

/** Stream, source and begin of a snapshot. */
export interface SnapshotPlace {
  readonly stream: Stream;
  readonly source: TaskSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly reach: WindowReach;
  /** Called with each page. @default not called */
  readonly listed?: ((page: Page) => void) | undefined;
}

/**
 * Lists the stream's window page by page, then looks up tasks that the listing did not show: open tasks older than the
 * window, tasks that may be gone, and vanished tasks. `rules` are by the local clock.
 * @throws SourceError
 */
export async function readSnapshot(
  place: SnapshotPlace,
  checkpoint: Checkpoint,
  rules: DiffRules,
  options: CallOptions,
): Promise<Snapshot> {
  const { clock } = place;
  const instance = place.stream.instanceId;
  const beginMs = checkpoint.watermarkMs;
  const tasks = new Map<TaskId, SeenTask>();
  const unreadMs: number[] = [];
  const unseen = new Set<TaskId>();
  for (const [id, known] of checkpoint.known) if (isOpen(known) || isWatched(known)) unseen.add(id);
  let count = 0;
  let unreadable = 0;
  let doubtful = false;
  let clockSkewMs = 0;
  let apiNowMs: number | null = null;
  let here = rules;
  for await (const page of place.source.list(place.stream, beginMs, options)) {
    place.listed?.(page);
    count += page.tasks.length;
    clockSkewMs = page.clockSkewMs ?? clockSkewMs;
    apiNowMs ??= clock.now() + clockSkewMs;
    here = byApiClock(rules, { clockSkewMs, apiNowMs });
    const now = { oursMs: clock.now(), apiMs: apiNowMs };
    const sound = withSoundWatermark(checkpoint, now, place.reach);
    if (sound !== checkpoint) {
      place.log("warn", "the watermark was ahead of the API's clock; moved back", {
        instance,
        watermark: new Date(beginMs).toISOString(),
        to: new Date(sound.watermarkMs).toISOString(),
      });
      return readSnapshot(place, sound, rules, options);
    }
    // The API's clock decides whether an end is news; responses give it only roughly.
    const pastMs = (here.baselineMs ?? Number.NEGATIVE_INFINITY) - surelyPastMs;
    for (const task of page.tasks) {
      const known = checkpoint.known.get(task.id);
      unseen.delete(task.id);
      const read = tasks.get(task.id);
      if (read && !isNewer(read, task, here.nowMs)) continue;
      const difference = diffTask(known, task, here);
      const isPast = difference?.changes.length === 0 && !known && stampMs(task) < pastMs;
      if (difference || isStampedAnew(known, task)) tasks.set(task.id, isPast ? baselineOnly(task) : task);
      else tasks.delete(task.id);
    }
    unreadable += page.skipped.length;
    for (const { createdAtMs } of page.skipped) unreadMs.push(createdAtMs ?? beginMs);
    if (page.doubt !== null) {
      doubtful = true;
      unreadMs.push(beginMs);
      place.log("warn", "a listing may be incomplete", { instance, doubt: page.doubt });
    }
  }
  if (Math.abs(clockSkewMs) > reportSkewMs) {
    place.log("warn", "the API's clock differs from this machine's", { instance, clockSkewMs });
  }
  if (beginMs > here.nowMs) {
    place.log("warn", "the watermark is in the future; nothing is listed until then", {
      instance,
      watermark: new Date(beginMs).toISOString(),
    });
  }
  const gone = new Set<TaskId>();
  const singles = [...unseen].filter((id) => isToLookUp(id, checkpoint, here, doubtful));
  // Most runs look up none, and waiting for nothing takes time too.
  if (singles.length > 0)
    await eachOf(singles, singlesAtOnce, async (id) => {
      const task = await lookUp(place, id, options);
      if (task === null) gone.add(id);
      else if (task) {
        const known = checkpoint.known.get(id);
        if (diffTask(known, task, here) || isStampedAnew(known, task)) tasks.set(id, task);
      }
    });
  return { beginMs, count, unreadable, tasks, gone, unreadMs, clockSkewMs, apiNowMs: here.nowMs };
}

/** Whether a task shows a known status at another instant: another run may record what came between the two. */
const isStampedAnew = (known: KnownTask | undefined, task: Task): boolean =>
  known !== undefined && stampMs(task) !== stampMs(known);

/** Rules by the API's clock, with which tasks' instants are compared. */
export const byApiClock = (
  rules: DiffRules,
  { clockSkewMs, apiNowMs }: Pick<Snapshot, "clockSkewMs" | "apiNowMs">,
): DiffRules => ({
  ...rules,
  nowMs: apiNowMs,
  baselineMs: rules.baselineMs === null ? null : rules.baselineMs + clockSkewMs,
});

/** Whether a task repeated in one listing is not a step back. */
const isNewer = (read: Task, task: Task, nowMs: number): boolean =>
  standingOf({ ...read, past: [] }, task, nowMs) !== "doubtful";

function isToLookUp(id: TaskId, checkpoint: Checkpoint, rules: DiffRules, doubtful: boolean): boolean {
  const known = checkpoint.known.get(id);
  if (!known || (known.gone && !isLookDue(known, rules))) return false;
  // An incomplete listing says nothing about missing tasks.
  return !(doubtful && isInWindow(known.createdAtMs, checkpoint.watermarkMs));
}

/** Baseline tasks keep no params or user: they emit nothing and may be thousands. */
const baselineOnly = (task: Task): SeenTask => ({ ...task, params: null, user: nobody, baselineOnly: true });
const nobody = { id: null, name: null };

/** Differences that are committed at once, in the order of their tasks. */
const fewDifferences = 200;

/**
 * Differences between a snapshot and a checkpoint, oldest task first. Of very many, those of open tasks come first: the
 * API lists an ended task again after a crash, but may no longer show what an open one was. The checkpoint may be newer
 * than the one the snapshot started from: an unknown task that has left its window since has ended, was emitted and is
 * forgotten.
 */
export function differencesOf(
  snapshot: Snapshot,
  checkpoint: Checkpoint,
  rules: DiffRules,
): readonly Difference[] {
  const found: Difference[] = [];
  for (const task of snapshot.tasks.values()) {
    const known = checkpoint.known.get(task.id);
    if (!known && isForgotten(task, snapshot, checkpoint)) continue;
    const difference = diffTask(known, task, rules);
    // A task read as baseline emits nothing, even if another run has advanced the record since.
    if (difference) found.push(task.baselineOnly ? { ...difference, changes: [] } : difference);
  }
  for (const id of snapshot.gone) {
    const known = checkpoint.known.get(id);
    const difference = known && diffGone(id, known, rules);
    if (difference) found.push(difference);
  }
  const rank = ({ known }: Difference): number => (found.length > fewDifferences && isOpen(known) ? 0 : 1);
  return found.sort(
    (a, b) => rank(a) - rank(b) || a.known.createdAtMs - b.known.createdAtMs || (a.id < b.id ? -1 : 1),
  );
}

/** Open tasks are never forgotten; a task that the API shows outside the requested window is running again. */
function isForgotten(
  { createdAtMs, status }: Task,
  { beginMs }: Snapshot,
  { watermarkMs }: Checkpoint,
): boolean {
  if (isInWindow(createdAtMs, watermarkMs)) return false;
  return isFinal(status) || isInWindow(createdAtMs, beginMs);
}

/** Looks up one task; undefined on failure: the task keeps its known state and the stream goes on. */
async function lookUp(
  { stream, source, log }: SnapshotPlace,
  id: TaskId,
  options: CallOptions,
): Promise<Task | null | undefined> {
  try {
    return await source.get(stream, id, options);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    log("warn", "a task could not be queried", {
      instance: stream.instanceId,
      task: id,
      reason: error.reason,
      error: error.message,
    });
    return undefined;
  }
}
