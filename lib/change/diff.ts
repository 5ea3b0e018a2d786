import type { TaskId } from "../core/names.ts";
import { type Gone, isOpen, type KnownTask } from "./known.ts";
import { believableMs, pastAfter, standingOf } from "./order.ts";
import { isFinal, type Task } from "./task.ts";

/** A status change of one task between two snapshots. */
export interface Change {
  readonly task: Task;
  /** Null for a task seen for the first time; VANISHED for one that reappeared. */
  readonly from: string | null;
  /** The new status, or OVERDUE or VANISHED, which the bridge adds. */
  readonly to: string;
}

/** Result of comparing one task: the changes to emit, in order, and the state to remember. */
export interface Difference {
  readonly id: TaskId;
  readonly changes: readonly Change[];
  readonly known: KnownTask;
}

/** Rules for comparing tasks. */
export interface DiffRules {
  /** Instant of the snapshot by the API's clock, epoch milliseconds. */
  readonly nowMs: number;
  /** How long a task of this name may stay open, milliseconds; null: no limit. */
  readonly overdueAfterMs: (name: string) => number | null;
  /**
   * Tasks that ended before this instant and are first seen now are remembered without an event; null: all are emitted.
   */
  readonly baselineMs: number | null;
  /** How long a vanished task is looked up again, milliseconds. */
  readonly maxOpenAgeMs: number;
}

/** A doubtful sight must be confirmed after this time: API replicas lag by seconds. */
const confirmAfterMs = 60_000;

const vanished = "VANISHED";

/** Compares a task with its known state; null when nothing changed. */
export function diffTask(known: KnownTask | undefined, task: Task, rules: DiffRules): Difference | null {
  if (!known) return movedTo(task, undefined, rules);
  const standing = standingOf(known, task, rules.nowMs);
  if (standing === "same") return stayed(known, task, rules);
  if (standing === "doubtful" && !isConfirmed(known, task.status, rules))
    return doubted(task.id, known, task.status, rules);
  return movedTo(task, known, rules);
}

/**
 * Handles an open task that the API no longer knows; null when that is not news. It is emitted as vanished once a
 * second poll, at least a minute later, confirms it.
 */
export function diffGone(id: TaskId, known: KnownTask, rules: DiffRules): Difference | null {
  if (known.gone) return isLookDue(known, rules) ? lookedForAgain(id, known, known.gone, rules) : null;
  if (!isOpen(known)) return null;
  // Ended tasks may be deleted; that is not a change.
  if (isFinal(known.status)) return { id, changes: [], known: { ...known, doubt: null } };
  return isConfirmed(known, vanished, rules)
    ? diffLost(id, known, rules)
    : doubted(id, known, vanished, rules);
}

/** Marks an open task as gone for certain, for example because its instance was deleted; null when it is not open. */
export function diffLost(id: TaskId, known: KnownTask, { nowMs }: DiffRules): Difference | null {
  if (!isOpen(known) || isFinal(known.status)) return null;
  const { name, status, createdAtMs, updatedAtMs } = known;
  const user = { id: null, name: null };
  const task: Task = { id, name, status, params: null, user, createdAtMs, updatedAtMs };
  const gone = { sinceMs: nowMs, nextLookMs: nowMs + confirmAfterMs };
  return { id, changes: [{ task, from: status, to: vanished }], known: { ...known, doubt: null, gone } };
}

/** Whether to look up a vanished task now. An instant too far ahead was set by a wrong clock and is ignored. */
export function isLookDue(known: KnownTask, { nowMs, maxOpenAgeMs }: DiffRules): boolean {
  const nextLookMs = known.gone?.nextLookMs ?? null;
  return nextLookMs !== null && (nextLookMs <= nowMs || nextLookMs > nowMs + maxOpenAgeMs);
}

/** Schedules the next lookup after twice the time that the task has been gone. */
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
  // A doubt in the future was noted by a clock that ran ahead; start again.
  if (known.doubt?.status === status && known.doubt.sinceMs <= nowMs) return null;
  return { id, changes: [], known: { ...known, doubt: { status, sinceMs: nowMs } } };
}

/** Handles an unchanged status: clears a doubt, or emits a vanished task's return. */
function stayed(known: KnownTask, task: Task, rules: DiffRules): Difference | null {
  const overdue = !known.overdueEmitted && isOverdue(task, rules);
  if (!overdue && known.gone === null && known.doubt === null) return null;
  const changes: Change[] = [];
  if (known.gone) changes.push({ task, from: vanished, to: task.status });
  if (overdue) changes.push({ task, from: task.status, to: "OVERDUE" });
  return { id: task.id, changes, known: knownAs(task, known.overdueEmitted || overdue, known.past) };
}

function movedTo(task: Task, known: KnownTask | undefined, rules: DiffRules): Difference {
  const overdue = !known?.overdueEmitted && isOverdue(task, rules);
  const from = known?.gone ? vanished : (known?.status ?? null);
  // Not pushed: a list that grows takes room for seventeen, and a first read has thousands.
  const changes: Change[] = known || !isBeforeBaseline(task, rules) ? [{ task, from, to: task.status }] : [];
  if (overdue) changes.push({ task, from: task.status, to: "OVERDUE" });
  const past = known ? pastAfter(known, task) : nothing;
  return { id: task.id, changes, known: knownAs(task, overdue || (known?.overdueEmitted ?? false), past) };
}

const nothing: KnownTask["past"] = [];

function knownAs(task: Task, overdueEmitted: boolean, past: KnownTask["past"]): KnownTask {
  const { status, createdAtMs, updatedAtMs } = task;
  const name = isFinal(status) ? "" : task.name;
  return {
    status,
    createdAtMs,
    updatedAtMs,
    name,
    overdueEmitted: overdueEmitted,
    doubt: null,
    past,
    gone: null,
  };
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
