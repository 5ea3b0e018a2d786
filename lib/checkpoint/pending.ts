import type { SinkName } from "../core/names.ts";
import type { Checkpoint } from "./checkpoint.ts";

type Owing = Pick<Checkpoint, "outbox" | "parked">;

/** Whether any delivery is pending, in the record or parked. */
export const owes = ({ outbox, parked }: Owing): boolean => outbox.length > 0 || parked.size > 0;

/** Most records owe nothing. */
const nothing: ReadonlyMap<SinkName, number> = new Map();

/** Pending deliveries by sink, parked ones included. */
export function pendingCounts(owing: Owing): ReadonlyMap<SinkName, number> {
  if (!owes(owing)) return nothing;
  const { outbox, parked } = owing;
  const counts = new Map<SinkName, number>();
  const add = (sink: SinkName, count: number): void => {
    counts.set(sink, (counts.get(sink) ?? 0) + count);
  };
  for (const { pending } of outbox) for (const sink of pending.keys()) add(sink, 1);
  for (const [sink, batches] of parked) for (const { count } of batches) add(sink, count);
  return counts;
}

/** Commit time of each sink's oldest pending event, epoch milliseconds. */
export function oldestPendingBySink(owing: Owing): ReadonlyMap<SinkName, number> {
  if (!owes(owing)) return nothing;
  const { outbox, parked } = owing;
  const oldest = new Map<SinkName, number>();
  const meet = (sink: SinkName, ms: number): void => {
    oldest.set(sink, Math.min(ms, oldest.get(sink) ?? ms));
  };
  for (const { pending, committedAtMs } of outbox)
    for (const sink of pending.keys()) meet(sink, committedAtMs);
  for (const [sink, batches] of parked) for (const { oldestMs } of batches) meet(sink, oldestMs);
  return oldest;
}

/** Commit time of the oldest pending event, epoch milliseconds; null when none is pending. */
export function oldestPendingMs(owing: Owing): number | null {
  const times = [...oldestPendingBySink(owing).values()];
  return times.length > 0 ? Math.min(...times) : null;
}
