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
import { type NewEvent, record, settle, withoutOldMessages } from "../checkpoint/transitions.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import { type Excess, excessOf } from "../delivery/backlog.ts";
import type { DeadLetter } from "../delivery/dead-letters.ts";
import type { RetryPolicy } from "../delivery/retry.ts";

/** Maximum changes of one commit: keeps it below any store's size limit, and limits the work lost in a crash. */
const maxChanges = 200;
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
  readonly atHand: BatchesAtHand;
  readonly newBatchId: () => BatchId;
}

/** A planned commit. */
export interface CommitPlan extends Pick<Parking, "written">, Pick<BroughtBack, "lost"> {
  readonly next: Checkpoint;
  /** Number of differences included, from the front. */
  readonly taken: number;
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
  { agingMs, nowMs, apiNowMs, leaseFor, outageBefore, isFull, isOthers, atHand, newBatchId }: CommitMoment,
): CommitPlan {
  const back = isOthers ? nothingBack(checkpoint) : bringBack(checkpoint, atHand, rules);
  const excess = isOthers ? noExcess : excessOf(rules, back.next, { agingMs, nowMs });
  const base = settle(back.next, excess.receipts);
  const taken = isFull ? 0 : sliceLength(differences);
  const batch = differences.slice(0, taken);
  const context = { ...rules.context, observedAtMs: nowMs };
  const ofStream = outageEvents(outageBefore, base.outage, context);
  const { events: changes, durations } = emitted(batch, base.durations, context);
  const events = [...ofStream, ...changes];
  const filtered = new Map<SinkName, number>();
  const routed = events.map((event): NewEvent => ({ event, sinks: route(event, rules, filtered) }));
  const newestCreatedMs = newestOf(base, batch, apiNowMs);
  const recorded = record(base, {
    differences: batch,
    events: routed,
    watermarkMs:
      unreadMs === null
        ? base.watermarkMs
        : nextWatermark({
            currentMs: base.watermarkMs,
            newestCreatedMs,
            openCreatedMs: openCreations(base, batch),
            unrecordedMs: unrecorded(
              differences[taken],
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
    lease: leaseFor(
      base,
      ofStream.length > 0 || (!isFull && differences.some((each) => each.changes.length > 0)),
    ),
    durations,
    room: roomOf(base.outbox, rules),
  });
  const parking = park(recorded.next, recorded.surplus, atHand, newBatchId);
  const movesDeliveries = base !== checkpoint;
  return {
    next: withoutOldMessages(parking.next),
    taken,
    events: routed,
    written: parking.written,
    deadLetters: excess.deadLetters,
    movesDeliveries,
    filtered,
    lost: back.lost,
  };
}

const nothingBack = (next: Checkpoint): BroughtBack => ({ next, lost: new Map() });
const noExcess: Excess = { deadLetters: [], receipts: [] };

function sliceLength(differences: readonly Difference[]): number {
  let changes = 0;
  let length = 0;
  for (const difference of differences) {
    changes += difference.changes.length;
    if (changes > maxChanges || length >= maxDifferences) break;
    length += 1;
  }
  return length;
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

/** The commit's events, each with the typical duration known before it. */
function emitted(
  batch: readonly Difference[],
  before: Durations,
  context: EventContext,
): { readonly events: readonly CloudEvent[]; readonly durations: Durations } {
  const events: CloudEvent[] = [];
  let durations = before;
  for (const change of batch.flatMap(({ changes }) => changes)) {
    const { name } = change.task;
    const event = toEvent(change, { ...context, usualMs: typicalMsOf(durations, name) });
    if (change.to === "SUCCESS") durations = withDuration(durations, name, event.data.change.durationMs);
    events.push(event);
  }
  return { events, durations };
}

function route(event: CloudEvent, rules: CommitRules, filtered: Map<SinkName, number>): readonly SinkName[] {
  const sinks: SinkName[] = [];
  for (const [sink, matches] of rules.filters) {
    if (matches(event)) sinks.push(sink);
    else filtered.set(sink, (filtered.get(sink) ?? 0) + 1);
  }
  return sinks;
}

/** Creation time of the newest task seen; a time in the future is ignored. */
function newestOf(checkpoint: Checkpoint, batch: readonly Difference[], apiNowMs: number): number | null {
  const before = checkpoint.newestCreatedMs === null ? [] : [Math.min(checkpoint.newestCreatedMs, apiNowMs)];
  const newest = batch.findLast(({ known }) => known.createdAtMs <= apiNowMs);
  const created = newest ? [...before, newest.known.createdAtMs] : before;
  return created.length === 0 ? null : Math.max(...created);
}

/** Creation times of the tasks that are open after the commit. */
function* openCreations(checkpoint: Checkpoint, batch: readonly Difference[]): Generator<number> {
  const replaced = new Set(batch.map(({ id }) => id));
  for (const [id, known] of checkpoint.known) if (!replaced.has(id) && isOpen(known)) yield known.createdAtMs;
  for (const { known } of batch) if (isOpen(known)) yield known.createdAtMs;
}

/** Differences are ordered by creation, so the first one left is the earliest. */
function* unrecorded(
  next: Difference | undefined,
  unreadMs: readonly number[],
  noEarlierMs: number,
): Generator<number> {
  if (next) yield next.known.createdAtMs;
  // A permanently unreadable record must not hold the watermark forever.
  for (const createdMs of unreadMs) yield Math.max(createdMs, noEarlierMs);
}
