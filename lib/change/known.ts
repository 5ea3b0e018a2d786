import { isFinal } from "./task.ts";

/** A status with its `updated_at`, epoch milliseconds; null where the API gave none. */
export interface Sight {
  readonly status: string;
  readonly updatedAtMs: number | null;
}

/** An observation that may come from a lagging replica. It counts once a poll at least a minute later confirms it. */
export interface Doubt {
  /** The status seen; `VANISHED` when the API did not know the task. */
  readonly status: string;
  readonly sinceMs: number;
}

/** A task emitted as vanished, looked up at growing intervals. */
export interface Gone {
  readonly sinceMs: number;
  /** Epoch milliseconds of the next lookup; null: no more lookups. */
  readonly nextLookMs: number | null;
}

/** Remembered state of a task while it is open or inside the window. Instants are by the API's clock. */
export interface KnownTask extends Sight {
  readonly createdAtMs: number;
  /** Name of an open task, for events made without its record; empty once the task has ended. */
  readonly name: string;
  /** Whether the task's overdue event was emitted. */
  readonly overdueEmitted: boolean;
  /** Usually null. */
  readonly doubt: Doubt | null;
  /**
   * Observations emitted before the task restarted or its timestamps went back; a lagging replica may show them again.
   */
  readonly past: readonly Sight[];
  /** Null while the API knows the task. */
  readonly gone: Gone | null;
}

/** Whether a known task may still end. An ended task that may be running again counts as open. */
export const isOpen = ({ gone, doubt, status }: KnownTask): boolean =>
  gone === null && (doubt !== null || !isFinal(status));

/** Whether a vanished task is still looked up. */
export const isWatched = ({ gone }: KnownTask): boolean => gone !== null && gone.nextLookMs !== null;
