import type { CloudEvent } from "../../lib/change/event.ts";
import type { KnownTask } from "../../lib/change/known.ts";
import type { Task } from "../../lib/change/task.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import type { EventId, SinkName, StreamKey } from "../../lib/core/names.ts";
import type { JournalEntry } from "../../lib/journal/entry.ts";
import type { CommitRules } from "../../lib/run/commit-plan.ts";
import type { RunSummary } from "../../lib/run/summary.ts";
import { checkCommit, idOf } from "./commit-checks.ts";
import { type Crew, type Deeds, finals, type History, isLater, pair, Violation } from "./history.ts";
import { checkJournal } from "./journal.ts";
import { checkMessages, noteDropped } from "./living.ts";
import { checkHeard } from "./outages.ts";
import type { Records } from "./store.ts";
import type { SimulatedWorld } from "./world.ts";

const secondOf = (ms: number): number => Math.floor(ms / 1_000);
/** More than this and a run may end, its time being over, before it has taken everything in. */
const oneSlice = 150;
/** A doubt lasts a minute; a second for hosts whose clocks differ. */
const doubtMs = 61_000;
/** A small share is filled again and again, a commit each time: beyond this a run may end first. */
const mostRefills = 5;
/** About the largest event of a simulated task, as JSON, bytes. */
const largeEventBytes = 1_000;

/** Events of a sink that surely fit its share of a record. */
const leastRoom = ({ maxBacklog, maxBytes, policies }: CommitRules): number =>
  Math.max(1, Math.min(maxBacklog, Math.floor(maxBytes / 2 / policies.size / largeEventBytes)));
/** A stream that has delivered for this long leaves the rest to the next poll, once that is due. */
const deliversForMs = 6_000;

/** The record that a process stored, once it is in the store. */
export function onCommit(
  history: History,
  crew: Crew,
  stream: StreamKey,
  { text, entries }: { readonly text: string; readonly entries: readonly JournalEntry[] },
  records: Records,
): void {
  const next = records.whole(stream);
  const incarnation = history.incarnation(stream);
  const previous = incarnation.record;
  incarnation.record = next;
  history.writes += 1;
  history.note(`commit ${crew.process.run} ${text}`);
  if (previous === null) {
    history.begins.set(stream, next.watermarkMs);
    return;
  }
  checkJournal({ history, incarnation, previous, next, entries });
  if (crew.rules.size === 0) {
    // An operator put dead letters back, some of which no record held, or one that is lost.
    for (const { event, sequence } of next.outbox) {
      const bytes = incarnation.bytes.get(event.id) ?? [];
      incarnation.bytes.set(event.id, [...bytes, JSON.stringify(event)]);
      if (bytes.length === 0) incarnation.sequences.set(event.id, sequence);
    }
    return;
  }
  const rules = crew.rules.get(stream);
  const deeds = crew.deeds.get(stream);
  if (!rules || !deeds) throw new Violation("no defect", `${stream} is not this run's`);
  const before = deeds.fenced.length;
  deeds.backlog ??= mostOwed(previous);
  const nowMs = crew.process.clock.now();
  const { outbox } = records.checkpoint(stream);
  checkCommit({
    history,
    incarnation,
    previous,
    next,
    outbox,
    rules,
    deeds,
    nowMs,
    apiSkewMs: crew.apiSkewMs,
    faults: crew.process.faults,
  });
  // Another run holds the outbox: this one may not deliver what it has just committed.
  const isOthers = next.lease?.run !== crew.process.run;
  // What a look finds so late may be left to the next poll.
  const isLeft = deeds.isFollowed && crew.nextMs !== null && nowMs + deliversForMs > crew.nextMs;
  if (isOthers || isLeft) deeds.fenced.splice(before);
  checkMessages(previous, next, deeds);
  deeds.record = next;
  noteDropped(deeds, next);
}

/** A request leaves for a sink. */
export function onAttempt(
  history: History,
  { process }: Crew,
  stream: StreamKey,
  sink: SinkName,
  events: readonly CloudEvent[],
): void {
  const { bytes } = history.incarnation(stream);
  history.sends += 1;
  history.note(`send ${process.run} ${sink} ${events.map(({ id }) => id).join(" ")}`);
  for (const event of events) {
    const stored = bytes.get(event.id);
    const own = idOf(event.data.instance, event.subject, event.data.change.to, Date.parse(event.time));
    if (event.id !== own) throw new Violation("same id", `${event.id} should be ${own}`);
    if (stored === undefined)
      throw new Violation("commit before delivery", `${event.id} is sent to ${sink}, and no record held it`);
    if (!stored.includes(JSON.stringify(event)))
      throw new Violation("same id", `${event.id} is sent with other bytes`);
  }
  const tasks = new Set(events.map(({ subject }) => subject));
  if (tasks.size < events.length)
    throw new Violation("order", `one batch to ${sink} holds two events of a task`);
  for (const other of history.inFlight) {
    if (other.process !== process && other.stream === stream && other.sink === sink)
      throw new Violation(
        "one writer",
        `${process.run} and ${other.process.run} send to ${sink} side by side`,
      );
  }
}

/** The sink took the event, whether or not the answer arrives. */
export function onAccepted(history: History, stream: StreamKey, sink: SinkName, event: CloudEvent): void {
  const { accepted, heights, sequences, redriven } = history.incarnation(stream);
  const key = pair(sink, event.id);
  history.note(`accepted ${key}`);
  history.settledEver.add(key);
  if (accepted.has(key)) return;
  accepted.add(key);
  if (redriven.has(key)) return;
  const queue = `${sink} ${event.subject}`;
  const height = heights.get(queue) ?? 0;
  const sequence = sequences.get(event.id) ?? 0;
  if (sequence < height) throw new Violation("order", `${key} is accepted after a later change of its task`);
  heights.set(queue, sequence);
}

/** A run ended by itself: what it was shown is taken in, what it committed is told to whoever is well. */
export function onEnd(
  history: History,
  crew: Crew,
  summary: RunSummary,
  facts: {
    readonly healthy: ReadonlySet<SinkName>;
    readonly hadTime: boolean;
    readonly isStoreWell: boolean;
  },
): void {
  history.note(`end ${crew.process.run} ${JSON.stringify(summary.streams)}`);
  for (const { key, error } of summary.streams) {
    const stream = key as StreamKey;
    const deeds = crew.deeds.get(stream);
    if (!deeds) continue;
    const rules = crew.rules.get(stream);
    const refills = ((deeds.backlog ?? 0) + deeds.fenced.length) / (rules ? leastRoom(rules) : 1);
    if (facts.hadTime && !deeds.storeFailed && refills < mostRefills) {
      for (const { id, sinks } of deeds.fenced) checkHealthy(history, stream, id, sinks, facts.healthy);
    }
    if (facts.hadTime && facts.isStoreWell)
      checkHeard(history.incarnation(stream).outages, deeds, rules?.unreadableAfterMs ?? null);
    if (error !== null) continue;
    if (deeds.sights.length < oneSlice)
      for (const sight of deeds.sights) checkTakenIn(history, stream, sight, deeds);
    for (const { event, pending } of history.incarnation(stream).record?.outbox ?? []) {
      for (const sink of pending.keys()) {
        const key = pair(sink, event.id);
        if (deeds.answered.has(key))
          throw new Violation("no needless repeat", `${key} is accepted and still owed`);
      }
    }
  }
}

/** The most that a whole record owes any of its sinks. */
function mostOwed({ outbox }: Checkpoint): number {
  const sinks = outbox.flatMap(({ pending }) => [...pending.keys()]);
  return Math.max(
    0,
    ...Map.groupBy(sinks, (sink) => sink)
      .values()
      .map(({ length }) => length),
  );
}

function checkHealthy(
  history: History,
  stream: StreamKey,
  id: EventId,
  sinks: readonly SinkName[],
  healthy: ReadonlySet<SinkName>,
): void {
  const { accepted, lettered } = history.incarnation(stream);
  for (const sink of sinks) {
    const key = pair(sink, id);
    if (healthy.has(sink) && !accepted.has(key) && !lettered.has(key))
      throw new Violation(
        "isolation",
        `${key} was committed, its sink is well, and the run ended without it`,
      );
  }
}

/**
 * Told before, and then an earlier end was shown late: a replica may lag in either. The record notes it, and tells it
 * again once it has lasted a minute.
 */
const isInDoubt = (known: KnownTask, sight: Task, told: readonly CloudEvent[], startedMs: number): boolean =>
  known.doubt?.status === sight.status &&
  known.doubt.sinceMs > startedMs - doubtMs &&
  told.some(({ time, data }) => data.change.to === sight.status && Date.parse(time) === sight.updatedAtMs);

/** The record knows this sight, or something later of its task. */
function checkTakenIn(
  history: History,
  stream: StreamKey,
  sight: Task,
  { bases, unchanged, startedMs }: Deeds,
): void {
  const { record, base, committed, givenUp } = history.incarnation(stream);
  const known = record?.known.get(sight.id);
  const events = [
    ...(committed.get(sight.id) ?? []),
    ...givenUp.filter(({ subject }) => subject === sight.id),
  ];
  const isTold = events.some(({ time, data }) => {
    const status = data.change.to;
    return status === sight.status || !isLater(sight, { status, updatedAtMs: Date.parse(time) });
  });
  // A run that follows sees a task more than once, and a replica that lags may then show an earlier end.
  const isItselfTold = events.some(
    ({ time, data }) => data.change.to === sight.status && Date.parse(time) === sight.updatedAtMs,
  );
  const isTakenIn = known
    ? known.status === sight.status ||
      isItselfTold ||
      !isLater(sight, known) ||
      isInDoubt(known, sight, events, startedMs)
    : isTold || history.noNews.has(sight.id) || history.vanished.has(sight.id) || base?.known.has(sight.id);
  // No change to what the run knew, whatever another has recorded since.
  const isNoChange =
    unchanged.has(sight) || bases.some((base) => base.known.get(sight.id)?.status === sight.status);
  if (!isTakenIn && !isNoChange)
    throw new Violation(
      "no loss",
      `${sight.id} ${sight.status} was shown, and the record knows ${known?.status}`,
    );
}

/** Faults are over and nothing moves: every task's last word has reached every sink. */
export function checkEnd(
  history: History,
  world: SimulatedWorld,
  nowMs: number,
  faithful: ReadonlySet<SinkName>,
): void {
  for (const [stream, { outages }] of history.incarnations) {
    if (outages.open !== null)
      throw new Violation("outage", `${stream} can be read, and its record says otherwise`);
  }
  for (const life of world.lives) {
    const last = life.stages.at(-1);
    const ended = life.stages.findIndex(({ status }) => finals.has(status));
    const runsAgain = ended >= 0 && ended < life.stages.length - 1;
    const isOver = nowMs >= life.deletedAtMs;
    const isBefore = secondOf(life.createdAtMs) < secondOf(history.begins.get(life.stream) ?? 0);
    const isExcused = isBefore || history.vanished.has(life.id) || history.noNews.has(life.id);
    if (!last || runsAgain || isOver || isExcused) continue;
    if (!history.shown.has(life.id)) throw new Violation("no loss", `${life.id} was never listed`);
    const instanceId = life.stream.split("/")[3] ?? "";
    const id = idOf({ instanceId }, life.id, last.status, last.updatedAtMs);
    for (const sink of faithful) {
      if (!history.settledEver.has(`${sink}:${id}`))
        throw new Violation("no loss", `${id}, its task's last word, never reached ${sink}`);
    }
  }
}
