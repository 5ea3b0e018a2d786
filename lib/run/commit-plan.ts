import type { Difference } from "../change/diff.ts";
import { type CloudEvent, type EventContext, toEvent } from "../change/event.ts";
import { isOpen } from "../change/known.ts";
import { type Durations, typicalMsOf, withDuration } from "../change/typical.ts";
import { nextWatermark } from "../change/window.ts";
import type { Checkpoint, Lease } from "../checkpoint/checkpoint.ts";
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
import { record, settle } from "../checkpoint/transitions.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import { type Excess, excessOf } from "../delivery/backlog.ts";
import type { DeadLetter } from "../delivery/dead-letters.ts";
import type { RetryPolicy } from "../delivery/retry.ts";

/** Bounds of one commit: its size stays under any store's limit, and a crash costs no more than one commit. */
const maxChanges = 200;
const maxDifferences = 2_000;

export interface CommitRules extends ParkingLimits {
  readonly stream: StreamKey;
  readonly lookbackMs: number;
  readonly maxOpenAgeMs: number;
  readonly context: Omit<EventContext, "observedAtMs">;
  /** Each sink's filter. */
  readonly filters: ReadonlyMap<SinkName, (event: CloudEvent) => boolean>;
  readonly policies: ReadonlyMap<SinkName, RetryPolicy>;
}

export interface CommitMoment {
  /** When the run began: events that are owed are as old as they were then. */
  readonly startedMs: number;
  readonly nowMs: number;
  /** When the snapshot was read, by the API's clock: the window never passes it. */
  readonly apiNowMs: number;
  /** The lease of a commit that leaves such an outbox. */
  readonly leaseFor: (base: Checkpoint) => Lease | null;
  /** Whether another run holds the outbox: then this one neither shortens it nor fills it from what is parked. */
  readonly isOthers: boolean;
  readonly atHand: BatchesAtHand;
  readonly newBatchId: () => BatchId;
}

export interface CommitPlan extends Pick<Parking, "written">, Pick<BroughtBack, "lost"> {
  readonly next: Checkpoint;
  /** Differences this commit takes in, from the front. */
  readonly taken: number;
  readonly events: readonly CloudEvent[];
  /** Whether any delivery came back, or was given up. */
  readonly movesDeliveries: boolean;
  /** To be stored before `next` is, like what is `written`. */
  readonly letters: readonly DeadLetter[];
  /** Deliveries that a filter settled, by sink. */
  readonly filtered: ReadonlyMap<SinkName, number>;
}

/**
 * The record after the next batch of differences, and with what has room again of what is parked. Pure: a lost race
 * plans again from the newer record. `unreadMs` is null when the stream could not be read: then the window stays where
 * it is.
 */
export function planCommit(
  checkpoint: Checkpoint,
  differences: readonly Difference[],
  unreadMs: readonly number[] | null,
  rules: CommitRules,
  { startedMs, nowMs, apiNowMs, leaseFor, isOthers, atHand, newBatchId }: CommitMoment,
): CommitPlan {
  const back = isOthers ? nothingBack(checkpoint) : bringBack(checkpoint, atHand, rules);
  const excess = isOthers ? noExcess : excessOf(rules, back.next, startedMs);
  const base = settle(back.next, excess.receipts);
  const taken = sliceLength(differences);
  const batch = differences.slice(0, taken);
  const { events, durations } = emitted(batch, base.durations, { ...rules.context, observedAtMs: nowMs });
  const filtered = new Map<SinkName, number>();
  const routed = events.map((event) => ({ event, sinks: route(event, rules, filtered) }));
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
    // A clock that is behind would have its events be old as soon as it is set right.
    nowMs: Math.max(nowMs, apiNowMs),
    lease: leaseFor(base),
    durations,
    room: roomOf(base.outbox, rules),
  });
  const { next, written } = park(recorded.next, recorded.surplus, atHand, newBatchId);
  const movesDeliveries = base !== checkpoint;
  return {
    next,
    taken,
    events,
    written,
    letters: excess.letters,
    movesDeliveries,
    filtered,
    lost: back.lost,
  };
}

const nothingBack = (next: Checkpoint): BroughtBack => ({ next, lost: new Map() });
const noExcess: Excess = { letters: [], receipts: [] };

function sliceLength(differences: readonly Difference[]): number {
  let changes = 0;
  let length = 0;
  for (const difference of differences) {
    changes += difference.changes.length;
    if (length > 0 && (changes > maxChanges || length >= maxDifferences)) break;
    length += 1;
  }
  return length;
}

/** The events of the commit, each with the typical duration before it. */
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

/** Creation of the newest task seen. One that lies in the future says nothing of what was listed. */
function newestOf(checkpoint: Checkpoint, batch: readonly Difference[], apiNowMs: number): number | null {
  const before = checkpoint.newestCreatedMs === null ? [] : [Math.min(checkpoint.newestCreatedMs, apiNowMs)];
  const newest = batch.findLast(({ known }) => known.createdAtMs <= apiNowMs);
  const created = newest ? [...before, newest.known.createdAtMs] : before;
  return created.length === 0 ? null : Math.max(...created);
}

/** Creations of the tasks that are open once the commit is made. */
function* openCreations(checkpoint: Checkpoint, batch: readonly Difference[]): Generator<number> {
  const replaced = new Set(batch.map(({ id }) => id));
  for (const [id, known] of checkpoint.known) if (!replaced.has(id) && isOpen(known)) yield known.createdAtMs;
  for (const { known } of batch) if (isOpen(known)) yield known.createdAtMs;
}

/** Differences are in order of creation, so the first one left is the earliest. */
function* unrecorded(
  next: Difference | undefined,
  unreadMs: readonly number[],
  noEarlierMs: number,
): Generator<number> {
  if (next) yield next.known.createdAtMs;
  // A record that stays unreadable must not hold the window for ever.
  for (const createdMs of unreadMs) yield Math.max(createdMs, noEarlierMs);
}
