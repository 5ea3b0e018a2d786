import type { Clock } from "../core/clock.ts";
import type { SinkName } from "../core/names.ts";
import type { DamagedEntry, Journal, Journaled, JournalSpan } from "./journal.ts";

/** Selects entries; an omitted field matches all. */
export interface EntryFilter {
  /** Events that go to this sink, and its deliveries. */
  readonly sink?: SinkName;
  /** Events that state this status, and their deliveries. */
  readonly status?: string;
}

/** Whether an entry passes a filter. A damaged one always does: it may be any. */
export function passesFilter(entry: Journaled | DamagedEntry, { sink, status }: EntryFilter): boolean {
  switch (entry.kind) {
    case "event":
      return (
        (sink === undefined || entry.sinks.includes(sink)) &&
        (status === undefined || entry.event.data.change.to === status)
      );
    case "delivery":
      return (sink === undefined || entry.sink === sink) && (status === undefined || entry.status === status);
    case "damaged":
      return true;
    default:
      return entry satisfies never;
  }
}

/** Reads the entries since an instant, epoch milliseconds, that pass a filter, oldest first. @throws StoreError */
export async function* entriesSince(
  journal: Journal,
  sinceMs: number,
  filter: EntryFilter,
): AsyncGenerator<Journaled | DamagedEntry> {
  for await (const entry of journal.read({ sinceMs })) if (passesFilter(entry, filter)) yield entry;
}

const everyMs = 2_000;
/** Entries may become visible this long after their time: other processes' clocks and commits differ. */
const overlapMs = 60_000;

/** Options of a follower. */
export interface FollowOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called when the store cannot be read; the follower goes on. */
  readonly failed: (error: unknown) => void;
}

/**
 * Reads a period, then new entries of all processes, until the signal aborts. Each entry comes once. The last minute is
 * read again each time, since entries of other processes may become visible late.
 */
export async function* follow(
  journal: Journal,
  span: Pick<JournalSpan, "sinceMs" | "task">,
  { clock, signal, failed }: FollowOptions,
): AsyncGenerator<Journaled | DamagedEntry> {
  const seen = new Map<string, number>();
  let { sinceMs } = span;
  while (!signal.aborted) {
    const nowMs = clock.now();
    try {
      for await (const entry of journal.read({ ...span, sinceMs })) {
        if (seen.has(entry.id)) continue;
        seen.set(entry.id, entry.writtenMs);
        yield entry;
        if (signal.aborted) return;
      }
      sinceMs = Math.max(sinceMs, nowMs - overlapMs);
      for (const [id, writtenMs] of seen) if (writtenMs < sinceMs) seen.delete(id);
    } catch (error) {
      failed(error);
    }
    await clock.sleep(everyMs, signal);
  }
}
