import type { TaskId } from "../core/names.ts";
import { isOpen, type KnownTask } from "./known.ts";
import { isFinal, type Task } from "./task.ts";

/** One task's status, from (or none) to, seen between two snapshots. */
export interface Change {
  readonly task: Task;
  /** Null for a task seen for the first time. */
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
  /** The instant of the snapshot. */
  readonly nowMs: number;
  /** How long a task of this name may stay open, milliseconds; null for no limit. */
  readonly overdueAfterMs: (name: string) => number | null;
  /** A task first seen ended, with an update before this instant, is remembered and not told; null: everything is told. */
  readonly baselineMs: number | null;
}

/** Compares one task with what is known of it; null when there is nothing to tell and nothing to remember. */
export function diffTask(known: KnownTask | undefined, task: Task, rules: DiffRules): Difference | null {
  if (known && isStale(known, task)) return null;
  const moved = known?.status !== task.status;
  const overdue = !known?.overdueTold && isOverdue(task, rules);
  if (known && !moved && !overdue && !known.gone) return null;
  const changes: Change[] = [];
  if (moved && !isBeforeBaseline(known, task, rules))
    changes.push({ task, from: known?.status ?? null, to: task.status });
  if (overdue) changes.push({ task, from: task.status, to: "OVERDUE" });
  return {
    id: task.id,
    changes,
    known: {
      status: task.status,
      createdAtMs: task.createdAtMs,
      updatedAtMs: task.updatedAtMs,
      name: isFinal(task.status) ? "" : task.name,
      overdueTold: overdue || (known?.overdueTold ?? false),
      vanishedTold: known?.vanishedTold ?? false,
      gone: false,
    },
  };
}

/** An open task that the API no longer knows; null when that was told before. */
export function diffGone(id: TaskId, known: KnownTask): Difference | null {
  if (!isOpen(known)) return null;
  const task: Task = {
    id,
    name: known.name,
    status: known.status,
    params: null,
    user: { id: null, name: null },
    createdAtMs: known.createdAtMs,
    updatedAtMs: known.updatedAtMs,
  };
  return {
    id,
    changes: known.vanishedTold ? [] : [{ task, from: known.status, to: "VANISHED" }],
    known: { ...known, vanishedTold: true, gone: true },
  };
}

/** An answer older than one already recorded: a lagging replica, or a page read before a task moved. */
export function isStale(known: Pick<KnownTask, "status" | "updatedAtMs">, task: Task): boolean {
  if (task.updatedAtMs !== known.updatedAtMs) return task.updatedAtMs < known.updatedAtMs;
  return task.status !== known.status && rank(task.status) < rank(known.status);
}

/** How far along a status is, to order two that bear the same instant. */
function rank(status: string): number {
  if (isFinal(status)) return 2;
  return status === "CREATED" ? 0 : 1;
}

const isBeforeBaseline = (known: KnownTask | undefined, task: Task, { baselineMs }: DiffRules): boolean =>
  known === undefined && baselineMs !== null && isFinal(task.status) && task.updatedAtMs < baselineMs;

function isOverdue(task: Task, { nowMs, overdueAfterMs }: DiffRules): boolean {
  if (isFinal(task.status)) return false;
  const limitMs = overdueAfterMs(task.name);
  return limitMs !== null && nowMs - task.createdAtMs > limitMs;
}
