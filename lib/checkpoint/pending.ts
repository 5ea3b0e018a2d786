import type { SinkName } from "../core/names.ts";
import type { Checkpoint } from "./checkpoint.ts";

type Owing = Pick<Checkpoint, "outbox" | "parked">;

/** Whether any sink is owed an event, in the record or beside it. */
export const owes = ({ outbox, parked }: Owing): boolean => outbox.length > 0 || parked.size > 0;

/** By sink, how many deliveries it is owed, in the record and beside it. */
export function owedCounts({ outbox, parked }: Owing): ReadonlyMap<SinkName, number> {
  const counts = new Map<SinkName, number>();
  const add = (sink: SinkName, count: number): void => {
    counts.set(sink, (counts.get(sink) ?? 0) + count);
  };
  for (const { pending } of outbox) for (const sink of pending.keys()) add(sink, 1);
  for (const [sink, batches] of parked) for (const { count } of batches) add(sink, count);
  return counts;
}

/** By sink, when the oldest event that it is owed was committed. */
export function oldestOwedBySink({ outbox, parked }: Owing): ReadonlyMap<SinkName, number> {
  const oldest = new Map<SinkName, number>();
  const meet = (sink: SinkName, ms: number): void => {
    oldest.set(sink, Math.min(ms, oldest.get(sink) ?? ms));
  };
  for (const { pending, committedAtMs } of outbox)
    for (const sink of pending.keys()) meet(sink, committedAtMs);
  for (const [sink, batches] of parked) for (const { oldestMs } of batches) meet(sink, oldestMs);
  return oldest;
}

/** When the oldest event that is owed was committed; null when none is. */
export function oldestOwedMs(owing: Owing): number | null {
  const times = [...oldestOwedBySink(owing).values()];
  return times.length > 0 ? Math.min(...times) : null;
}
