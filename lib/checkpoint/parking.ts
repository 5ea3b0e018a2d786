import { eventBytes } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import { type Checkpoint, type OutboxEntry, untried } from "./checkpoint.ts";
import type { BatchId, ParkedBatch, ParkedDelivery } from "./parked.ts";
import { Room, type RoomLimits } from "./room.ts";

/** Bytes of events in a batch, as JSON: fits any store, and keeps the record's references few. */
const maxBatchBytes = 256 * 1_024;

/** Limits of an outbox, for parking. */
export interface ParkingLimits extends Omit<RoomLimits, "sinks"> {
  /** By configured sink. Deliveries of other sinks return at once, to become dead letters. */
  readonly policies: ReadonlyMap<SinkName, unknown>;
}

/** Batches read for a transition; null when the store has no batch of that id. */
export type BatchesAtHand = ReadonlyMap<BatchId, readonly ParkedDelivery[] | null>;

/** Measures the room of a record's outbox. */
export const roomOf = (record: Checkpoint, limits: ParkingLimits): Room =>
  new Room(record, { ...limits, sinks: limits.policies.size });

/** The batches that may return now: the oldest of each sink whose share of the record is low. */
export function batchesDue(record: Checkpoint, limits: ParkingLimits): readonly BatchId[] {
  if (record.parked.size === 0) return [];
  const room = roomOf(record, limits);
  return Array.from(record.parked).flatMap(([sink, [first]]) =>
    first && (!limits.policies.has(sink) || room.isLow(sink)) ? [first.id] : [],
  );
}

/** The newest batches, to which new deliveries are added so that a trickle does not create many small ones. */
export const batchesToFill = ({ parked }: Checkpoint): readonly BatchId[] =>
  [...parked.values()].flatMap((batches) => {
    const last = batches.at(-1);
    return last && isSmall(last) ? [last.id] : [];
  });

const isSmall = ({ bytes }: ParkedBatch): boolean => bytes * 2 <= maxBatchBytes;

/** Result of returning parked deliveries to the outbox. */
export interface BroughtBack {
  /** Unchanged checkpoint when nothing returned. */
  readonly next: Checkpoint;
  /** Deliveries in missing batches, by sink. Only manual changes in the store or a defect cause them. */
  readonly lost: ReadonlyMap<SinkName, number>;
}

/** Returns the oldest parked deliveries to the outbox, each at its place in the order, as far as there is room. */
export function bringBack(checkpoint: Checkpoint, atHand: BatchesAtHand, limits: ParkingLimits): BroughtBack {
  const lost = new Map<SinkName, number>();
  if (checkpoint.parked.size === 0) return { next: checkpoint, lost };
  const room = roomOf(checkpoint, limits);
  const outbox = new Map(checkpoint.outbox.map((entry) => [entry.sequence, entry]));
  const parked = new Map<SinkName, readonly ParkedBatch[]>();
  let hasChanged = false;
  for (const [sink, batches] of checkpoint.parked) {
    const [first, ...later] = batches;
    const deliveries = first && atHand.get(first.id);
    const isConfigured = limits.policies.has(sink);
    if (!first || deliveries === undefined || (isConfigured && !room.isLow(sink))) {
      parked.set(sink, batches);
      continue;
    }
    if (deliveries === null) lost.set(sink, first.count);
    const waiting = deliveries?.slice(first.returned) ?? [];
    const taken = takeBack(outbox, sink, waiting, isConfigured ? room : null);
    const left = waiting.slice(taken);
    const rest = left.length > 0 ? [batchOf(first.id, left, first.returned + taken), ...later] : later;
    if (rest.length > 0) parked.set(sink, rest);
    hasChanged ||= taken > 0 || deliveries === null;
  }
  if (!hasChanged) return { next: checkpoint, lost };
  const sorted = [...outbox.values()].sort((a, b) => a.sequence - b.sequence);
  return { next: { ...checkpoint, parked, outbox: sorted }, lost };
}

/** Counts the deliveries that the outbox accepted. Without a `room` it accepts all. */
function takeBack(
  outbox: Map<number, OutboxEntry>,
  sink: SinkName,
  deliveries: readonly ParkedDelivery[],
  room: Room | null,
): number {
  for (const [index, { sequence, event, committedAtMs }] of deliveries.entries()) {
    const held = outbox.get(sequence);
    // After a reset, or when a redrive put an older event in this place, the event there goes first.
    if (held && held.event.id !== event.id) return index;
    if (held?.pending.has(sink)) continue;
    if (room && !room.take(sink, event, held !== undefined)) return index;
    const pending = new Map(held?.pending).set(sink, untried);
    outbox.set(sequence, { sequence, event, committedAtMs, ...held, pending });
  }
  return deliveries.length;
}

/** Result of parking deliveries. */
export interface Parking {
  readonly next: Checkpoint;
  /** Batches to store before `next` is committed. */
  readonly written: ReadonlyMap<BatchId, readonly ParkedDelivery[]>;
}

/** Parks deliveries behind those already parked for the sink. `newId` must never return the same id twice. */
export function park(
  checkpoint: Checkpoint,
  surplus: ReadonlyMap<SinkName, readonly ParkedDelivery[]>,
  atHand: BatchesAtHand,
  newId: () => BatchId,
): Parking {
  const written = new Map<BatchId, readonly ParkedDelivery[]>();
  if (surplus.size === 0) return { next: checkpoint, written };
  const parked = new Map(checkpoint.parked);
  for (const [sink, deliveries] of surplus) {
    const batches = parked.get(sink) ?? [];
    const last = batches.at(-1);
    const joined = last && isSmall(last) ? atHand.get(last.id)?.slice(last.returned) : undefined;
    const kept = joined ? batches.slice(0, -1) : batches;
    const made = inBatches([...(joined ?? []), ...deliveries]).map((batch) => {
      const id = newId();
      written.set(id, batch);
      return batchOf(id, batch, 0);
    });
    parked.set(sink, [...kept, ...made]);
  }
  return { next: { ...checkpoint, parked }, written };
}

function inBatches(deliveries: readonly ParkedDelivery[]): readonly (readonly ParkedDelivery[])[] {
  const batches: ParkedDelivery[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const delivery of deliveries) {
    bytes += eventBytes(delivery.event);
    const last = batches.at(-1);
    if (last && bytes <= maxBatchBytes) last.push(delivery);
    else {
      batches.push([delivery]);
      bytes = eventBytes(delivery.event);
    }
  }
  return batches;
}

/** Describes a batch. `waiting` is the part of it still parked, which is never empty. */
const batchOf = (id: BatchId, waiting: readonly ParkedDelivery[], returned: number): ParkedBatch => ({
  id,
  returned,
  count: waiting.length,
  bytes: waiting.reduce((sum, { event }) => sum + eventBytes(event), 0),
  oldestMs: waiting.reduce(
    (oldestMs, { committedAtMs }) => Math.min(oldestMs, committedAtMs),
    Number.POSITIVE_INFINITY,
  ),
});

/** All batches that a record names. */
export const batchIds = ({ parked }: Pick<Checkpoint, "parked">): readonly BatchId[] =>
  [...parked.values()].flatMap((batches) => batches.map(({ id }) => id));
