import type { Difference } from "../change/diff.ts";
import { type CloudEvent, type EventContext, toEvent, toStreamEvent } from "../change/event.ts";
import { isOpen } from "../change/known.ts";
import { type Durations, typicalMsOf, withDuration } from "../change/typical.ts";
import { nextWatermark } from "../change/window.ts";
import type { Checkpoint, Lease, Outage } from "../checkpoint/checkpoint.ts";
import type { BatchId } from "../checkpoint/parked.ts";
import {
  type BatchesAtHand,
  type BroughtBack,
  bringBack,
  type Parking,
  type ParkingLimits,
  park,
  roomOf,
} from "../checkpoint/parking.ts";
import { grown } from "../checkpoint/room.ts";
import { type NewEvent, record, settle, withoutOldMessages } from "../checkpoint/transitions.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import { type Excess, excessOf } from "../delivery/backlog.ts";
import type { DeadLetter } from "../delivery/dead-letters.ts";
import type { RetryPolicy } from "../delivery/retry.ts";

/** Maximum changes of one commit, or more of a record that knows many tasks: limits the work lost in a crash. */
const usualChanges = 400;
/** Maximum differences of one commit: keeps it below any store's size limit. */
const maxDifferences = 2_000;

/** Configured rules for planning commits. */
export interface CommitRules extends ParkingLimits {
  readonly stream: StreamKey;
  readonly lookbackMs: number;
  readonly maxOpenAgeMs: number;
  readonly context: Omit<EventContext, "observedAtMs">;
  /** How long a stream may be unreadable without an event, milliseconds; null: always. */
  readonly unreadableAfterMs: number | null;
  /** Event filter of each sink. */
  readonly filters: ReadonlyMap<SinkName, (event: CloudEvent) => boolean>;
  readonly policies: ReadonlyMap<SinkName, RetryPolicy>;
}

/** State of a run when it plans a commit. */
export interface CommitMoment {
  /** Pending events' ages are taken then, epoch milliseconds; negative infinity while no API confirms the clock. */
  readonly agingMs: number;
  readonly nowMs: number;
  /** When the snapshot was read, by the API's clock; the watermark never passes it. */
  readonly apiNowMs: number;
  /** Returns the lease for a commit that leaves the given outbox. */
  readonly leaseFor: (base: Checkpoint, emits: boolean) => Lease | null;
  /** Outage of the record that the run loaded; the commit emits what became of it. */
  readonly outageBefore: Outage | null;
  /** Whether no further changes fit the store's record. */
  readonly isFull: boolean;
  /** Whether another run holds the outbox: then this run neither abandons deliveries nor returns parked ones. */
  readonly isOthers: boolean;
  /**
   * Whether ended tasks wait for a later commit of this run while no sink has room for them; otherwise they are parked.
   * A crash loses none: the API lists them again.
   */
  readonly mayWait: boolean;
  readonly atHand: BatchesAtHand;
  readonly newBatchId: () => BatchId;
}

/** A planned commit. */
export interface CommitPlan extends Pick<Parking, "written">, Pick<BroughtBack, "lost"> {
  readonly next: Checkpoint;
  /** Number of differences included, from the front. */
  readonly taken: number;
  /** Whether the next difference waits for room. */
  readonly isCut: boolean;
  readonly events: readonly NewEvent[];
  /** Whether parked deliveries returned or deliveries were abandoned. */
  readonly movesDeliveries: boolean;
  /** Dead letters to store before `next`, like the batches in `written`. */
  readonly deadLetters: readonly DeadLetter[];
  /** Deliveries that filters excluded, by sink. */
  readonly filtered: ReadonlyMap<SinkName, number>;
}

/**
 * Plans the record after the next batch of differences, with parked deliveries that have room again. Pure: after a lost
 * race it plans again from the newer record. `unreadMs` is null when the stream could not be read; then the watermark
 * stays.
 */
export function planCommit(
  checkpoint: Checkpoint,
  differences: readonly Difference[],
  unreadMs: readonly number[] | null,
  rules: CommitRules,
  moment: CommitMoment,
): CommitPlan {
  const { agingMs, nowMs, apiNowMs, isFull, isOthers, atHand } = moment;
  const back = isOthers ? nothingBack(checkpoint) : bringBack(checkpoint, atHand, rules);
  const excess = isOthers ? noExcess : excessOf(rules, back.next, { agingMs, nowMs });
  const base = settle(back.next, excess.receipts);
  const context = { ...rules.context, observedAtMs: nowMs };
  const ofStream = outageEvents(moment.outageBefore, base.outage, context);
  const { taken, isCut, changes, durations } = nextSlice(isFull ? [] : differences, base, rules, moment);
  const batch = differences.slice(0, taken);
  const events = [...ofStream.map((event) => routed(event, rules)), ...changes];
  const newestCreatedMs = newestOf(base, batch, apiNowMs);
  const recorded = record(base, {
    differences: batch,
    events,
    watermarkMs:
      unreadMs === null
        ? base.watermarkMs
        : nextWatermark({
            currentMs: base.watermarkMs,
            newestCreatedMs,
            openCreatedMs: openCreations(base, batch),
            unrecordedMs: unrecorded(
              differences.values().drop(taken),
              unreadMs,
              (newestCreatedMs ?? apiNowMs) - rules.maxOpenAgeMs,
            ),
            lookbackMs: rules.lookbackMs,
            maxOpenAgeMs: rules.maxOpenAgeMs,
            nowMs: apiNowMs,
          }),
    newestCreatedMs,
    baselineDone: unreadMs !== null && taken === differences.length,
    // A slow clock would make its events look old once it is corrected.
    nowMs: Math.max(nowMs, apiNowMs),
    lease: moment.leaseFor(
      base,
      ofStream.length > 0 || (!isFull && differences.some((each) => each.changes.length > 0)),
    ),
    durations,
    room: roomOf(base, rules),
  });
  const parking = park(recorded.next, recorded.surplus, atHand, moment.newBatchId);
  return {
    next: withoutOldMessages(parking.next),
    taken,
    isCut,
    events,
    written: parking.written,
    deadLetters: excess.deadLetters,
    movesDeliveries: base !== checkpoint,
    filtered: filteredOf(events, rules),
    lost: back.lost,
  };
}

const nothingBack = (next: Checkpoint): BroughtBack => ({ next, lost: new Map() });
const noExcess: Excess = { deadLetters: [], receipts: [] };

/** The differences of one commit, from the front, with their events. */
interface CommitSlice extends Pick<CommitPlan, "taken" | "isCut"> {
  readonly changes: readonly NewEvent[];
  /** After these changes. */
  readonly durations: Durations;
}

function nextSlice(
  differences: readonly Difference[],
  base: Checkpoint,
  rules: CommitRules,
  { nowMs, mayWait }: CommitMoment,
): CommitSlice {
  const context = { ...rules.context, observedAtMs: nowMs };
  const hasRoom = mayWait ? roomFor(base, rules) : () => true;
  const changes: NewEvent[] = [];
  let { durations } = base;
  let taken = 0;
  const maxChanges = grown(usualChanges, base);
  for (const difference of differences) {
    if (changes.length + difference.changes.length > maxChanges || taken >= maxDifferences) break;
    const made = emitted(difference, durations, context);
    const events = made.events.map((event) => routed(event, rules));
    if (!isOpen(difference.known) && !events.every(hasRoom))
      return { taken, isCut: true, changes, durations };
    changes.push(...events);
    ({ durations } = made);
    taken += 1;
  }
  return { taken, isCut: false, changes, durations };
}

/** Tells of one event after another whether a sink that it goes to has room for it in the record. */
function roomFor(record: Checkpoint, rules: CommitRules): (event: NewEvent) => boolean {
  const room = roomOf(record, rules);
  // Little room is left until more is worth a commit.
  const open = new Set(
    [...rules.policies.keys()].filter((sink) => !record.parked.has(sink) && room.isLow(sink)),
  );
  return ({ event, sinks }) =>
    sinks.length === 0 || sinks.some((sink) => open.has(sink) && room.take(sink, event, false));
}

/** The events of an outage that lasts too long, or that ends after its event. */
function outageEvents(
  before: Outage | null,
  after: Outage | null,
  context: EventContext,
): readonly CloudEvent[] {
  const emittedBefore = before?.emittedMs ?? null;
  const emittedMs = after?.emittedMs ?? null;
  if (after && emittedMs !== null && emittedBefore === null)
    return [toStreamEvent("unreadable", { ...after, emittedMs }, context)];
  if (before && emittedBefore !== null && after === null)
    return [toStreamEvent("recovered", { ...before, emittedMs: emittedBefore }, context)];
  return [];
}

/** The events of one difference, each with the typical duration known before it. */
function emitted(
  { changes }: Difference,
  before: Durations,
  context: EventContext,
): { readonly events: readonly CloudEvent[]; readonly durations: Durations } {
  let durations = before;
  const events = changes.map((change) => {
    const { name } = change.task;
    const event = toEvent(change, { ...context, usualMs: typicalMsOf(durations, name) });
    if (change.to === "SUCCESS") durations = withDuration(durations, name, event.data.change.durationMs);
    return event;
  });
  return { events, durations };
}

/** The event with the sinks whose filters it passes. */
const routed = (event: CloudEvent, { filters }: CommitRules): NewEvent => ({
  event,
  sinks: Array.from(filters).flatMap(([sink, matches]) => (matches(event) ? [sink] : [])),
});

function filteredOf(events: readonly NewEvent[], { filters }: CommitRules): ReadonlyMap<SinkName, number> {
  const counts = Array.from(filters.keys(), (sink): [SinkName, number] => [
    sink,
    events.filter(({ sinks }) => !sinks.includes(sink)).length,
  ]);
  return new Map(counts.filter(([, count]) => count > 0));
}

/** Creation time of the newest task seen; a time in the future is ignored. */
function newestOf(checkpoint: Checkpoint, batch: readonly Difference[], apiNowMs: number): number | null {
  const before = checkpoint.newestCreatedMs === null ? [] : [Math.min(checkpoint.newestCreatedMs, apiNowMs)];
  const inBatch = batch.map(({ known }) => known.createdAtMs).filter((createdMs) => createdMs <= apiNowMs);
  const created = [...before, ...inBatch];
  return created.length === 0 ? null : Math.max(...created);
}

/** Creation times of the tasks that are open after the commit. */
function* openCreations(checkpoint: Checkpoint, batch: readonly Difference[]): Generator<number> {
  const replaced = new Set(batch.map(({ id }) => id));
  for (const [id, known] of checkpoint.known) if (!replaced.has(id) && isOpen(known)) yield known.createdAtMs;
  for (const { known } of batch) if (isOpen(known)) yield known.createdAtMs;
}

function* unrecorded(
  left: Iterable<Difference>,
  unreadMs: readonly number[],
  noEarlierMs: number,
): Generator<number> {
  for (const { known } of left) {
    yield known.createdAtMs;
    // Open tasks come first, then ended ones in order of creation: no later one is earlier than the first of these.
    if (!isOpen(known)) break;
  }
  // A permanently unreadable record must not hold the watermark forever.
  for (const createdMs of unreadMs) yield Math.max(createdMs, noEarlierMs);
}
