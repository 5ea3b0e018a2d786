import { isFinal } from "./task.ts";

/** A status and the `updated_at` it came with; null where the API gave none. */
export interface Sight {
  readonly status: string;
  readonly updatedAtMs: number | null;
}

/** A sight that may come from a lagging replica: it counts once a poll at least a minute later shows the same. */
export interface Doubt {
  /** The status seen; `VANISHED` where the API did not know the task. */
  readonly status: string;
  readonly sinceMs: number;
}

/** A task that was told as vanished, and is looked up ever more rarely. */
export interface Gone {
  readonly sinceMs: number;
  /** Null: it is not looked up any more. */
  readonly nextLookMs: number | null;
}

/** What is remembered of a task while it is open or inside the window. Instants are the API's. */
export interface KnownTask extends Sight {
  readonly createdAtMs: number;
  /** Of an open task, for the events that may have to be made without it; empty once it is final. */
  readonly name: string;
  /** The task's `overdue` was told. */
  readonly overdueTold: boolean;
  /** Rare: almost every task is without one. */
  readonly doubt: Doubt | null;
  /** Sights told before the task ran again, or moved against its stamps: a lagging replica may show them again. */
  readonly past: readonly Sight[];
  /** Null while the API knows the task. */
  readonly gone: Gone | null;
}

/** Whether a known task's end may still come. An ended task that may be running again counts as open. */
export const isOpen = ({ gone, doubt, status }: KnownTask): boolean =>
  gone === null && (doubt !== null || !isFinal(status));

/** Whether a vanished task is still looked up. */
export const isWatched = ({ gone }: KnownTask): boolean => gone !== null && gone.nextLookMs !== null;
