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
  for (const { owed } of outbox) for (const sink of owed.keys()) add(sink, 1);
  for (const [sink, batches] of parked) for (const { count } of batches) add(sink, count);
  return counts;
}

/** When the oldest event that is owed was committed; null when none is. */
export function oldestOwedMs({ outbox, parked }: Owing): number | null {
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const { committedAtMs } of outbox) oldestMs = Math.min(oldestMs, committedAtMs);
  for (const batches of parked.values())
    for (const batch of batches) oldestMs = Math.min(oldestMs, batch.oldestMs);
  return oldestMs === Number.POSITIVE_INFINITY ? null : oldestMs;
}
