import type { TaskId } from "../core/names.ts";
import { type Gone, isOpen, type KnownTask } from "./known.ts";
import { believableMs, pastAfter, standingOf } from "./order.ts";
import { isFinal, type Task } from "./task.ts";

/** One task's status, from (or none) to, seen between two snapshots. */
export interface Change {
  readonly task: Task;
  /** Null for a task seen for the first time; VANISHED for one that the API shows again. */
  readonly from: string | null;
  /** The new status; OVERDUE and VANISHED for what is told beyond status. */
  readonly to: string;
}

/** What one task's new sight means: the changes to tell, in order, and what to remember. */
export interface Difference {
  readonly id: TaskId;
  readonly changes: readonly Change[];
  readonly known: KnownTask;
}

export interface DiffRules {
  /** The instant of the snapshot, by the API's clock. */
  readonly nowMs: number;
  /** How long a task of this name may stay open, milliseconds; null for no limit. */
  readonly overdueAfterMs: (name: string) => number | null;
  /** A task first seen ended, with an update before this instant, is remembered and not told; null: everything is told. */
  readonly baselineMs: number | null;
  /** How long a vanished task is looked up, milliseconds. */
  readonly maxOpenAgeMs: number;
}

/** A doubtful sight counts when it is confirmed after this long: replicas lag by seconds. */
const confirmAfterMs = 60_000;

const vanished = "VANISHED";

/** Compares one task with what is known of it; null when there is nothing to tell and nothing to remember. */
export function diffTask(known: KnownTask | undefined, task: Task, rules: DiffRules): Difference | null {
  if (!known) return movedTo(task, undefined, rules);
  const standing = standingOf(known, task, rules.nowMs);
  if (standing === "same") return stayed(known, task, rules);
  if (standing === "doubtful" && !isConfirmed(known, task.status, rules))
    return doubted(task.id, known, task.status, rules);
  return movedTo(task, known, rules);
}

/**
 * An open task of which the API says that it knows none such; null when there is nothing new about that. It is told as
 * vanished once a second poll, at least a minute later, hears the same.
 */
export function diffGone(id: TaskId, known: KnownTask, rules: DiffRules): Difference | null {
  if (known.gone) return isLookDue(known, rules) ? lookedForAgain(id, known, known.gone, rules) : null;
  if (!isOpen(known)) return null;
  // An ended task's record may be deleted: that is no change.
  if (isFinal(known.status)) return { id, changes: [], known: { ...known, doubt: null } };
  return isConfirmed(known, vanished, rules)
    ? diffLost(id, known, rules)
    : doubted(id, known, vanished, rules);
}

/** An open task that is surely gone, such as one of a deleted instance; null for one that is not open. */
export function diffLost(id: TaskId, known: KnownTask, { nowMs }: DiffRules): Difference | null {
  if (!isOpen(known) || isFinal(known.status)) return null;
  const { name, status, createdAtMs, updatedAtMs } = known;
  const user = { id: null, name: null };
  const task: Task = { id, name, status, params: null, user, createdAtMs, updatedAtMs };
  const gone = { sinceMs: nowMs, nextLookMs: nowMs + confirmAfterMs };
  return { id, changes: [{ task, from: status, to: vanished }], known: { ...known, doubt: null, gone } };
}

/** Whether a vanished task is to be looked up now. An instant that only a wrong clock can have set is void. */
export function isLookDue(known: KnownTask, { nowMs, maxOpenAgeMs }: DiffRules): boolean {
  const nextLookMs = known.gone?.nextLookMs ?? null;
  return nextLookMs !== null && (nextLookMs <= nowMs || nextLookMs > nowMs + maxOpenAgeMs);
}

/** The next look comes when the task has been gone for twice as long. */
function lookedForAgain(id: TaskId, known: KnownTask, gone: Gone, rules: DiffRules): Difference {
  const { nowMs, maxOpenAgeMs } = rules;
  const sinceMs = Math.min(gone.sinceMs, nowMs);
  const goneForMs = nowMs - sinceMs;
  const nextLookMs = goneForMs < maxOpenAgeMs ? nowMs + Math.max(confirmAfterMs, goneForMs) : null;
  return { id, changes: [], known: { ...known, gone: { sinceMs, nextLookMs } } };
}

function isConfirmed({ doubt }: KnownTask, status: string, { nowMs }: DiffRules): boolean {
  return doubt?.status === status && nowMs - doubt.sinceMs >= confirmAfterMs;
}

function doubted(id: TaskId, known: KnownTask, status: string, { nowMs }: DiffRules): Difference | null {
  // A doubt from the future was noted by a clock that was ahead: it begins anew.
  if (known.doubt?.status === status && known.doubt.sinceMs <= nowMs) return null;
  return { id, changes: [], known: { ...known, doubt: { status, sinceMs: nowMs } } };
}

/** The status is the known one: a doubt is over, a vanished task is back. */
function stayed(known: KnownTask, task: Task, rules: DiffRules): Difference | null {
  const overdue = !known.overdueTold && isOverdue(task, rules);
  if (!overdue && known.gone === null && known.doubt === null) return null;
  const changes: Change[] = [];
  if (known.gone) changes.push({ task, from: vanished, to: task.status });
  if (overdue) changes.push({ task, from: task.status, to: "OVERDUE" });
  return { id: task.id, changes, known: knownAs(task, known.overdueTold || overdue, known.past) };
}

function movedTo(task: Task, known: KnownTask | undefined, rules: DiffRules): Difference {
  const overdue = !known?.overdueTold && isOverdue(task, rules);
  const changes: Change[] = [];
  const from = known?.gone ? vanished : (known?.status ?? null);
  if (known || !isBeforeBaseline(task, rules)) changes.push({ task, from, to: task.status });
  if (overdue) changes.push({ task, from: task.status, to: "OVERDUE" });
  const past = known ? pastAfter(known, task) : nothing;
  return { id: task.id, changes, known: knownAs(task, overdue || (known?.overdueTold ?? false), past) };
}

const nothing: KnownTask["past"] = [];

function knownAs(task: Task, overdueTold: boolean, past: KnownTask["past"]): KnownTask {
  const { status, createdAtMs, updatedAtMs } = task;
  const name = isFinal(status) ? "" : task.name;
  return { status, createdAtMs, updatedAtMs, name, overdueTold, doubt: null, past, gone: null };
}

function isBeforeBaseline(task: Task, { baselineMs, nowMs }: DiffRules): boolean {
  if (baselineMs === null || !isFinal(task.status)) return false;
  return (believableMs(task, nowMs) ?? task.createdAtMs) < baselineMs;
}

function isOverdue(task: Task, { nowMs, overdueAfterMs }: DiffRules): boolean {
  if (isFinal(task.status)) return false;
  const limitMs = overdueAfterMs(task.name);
  return limitMs !== null && nowMs - task.createdAtMs > limitMs;
}
