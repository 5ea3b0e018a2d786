import type { CloudEvent } from "../../lib/change/event.ts";
import type { KnownTask } from "../../lib/change/known.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import type { SinkName, Stream, TaskId } from "../../lib/core/names.ts";
import type { CommitRules } from "../../lib/run/commit-plan.ts";
import type { FaultCounts } from "./faults.ts";
import { type Deeds, finals, type History, type Incarnation, pair, Violation } from "./history.ts";
import { checkOutage } from "./outages.ts";

const secondMs = 1_000;
const isOpen = ({ gone, doubt, status }: KnownTask): boolean =>
  gone === null && (doubt !== null || !finals.has(status));
const stampOf = ({ updatedAtMs, createdAtMs }: Pick<KnownTask, "updatedAtMs" | "createdAtMs">): number =>
  updatedAtMs ?? createdAtMs;
const secondOf = (ms: number): number => Math.floor(ms / secondMs);

/** Written apart from lib, so that the same mistake is not made twice. */
export const idOf = (stream: Pick<Stream, "instanceId">, task: string, to: string, updatedAtMs: number) =>
  `${stream.instanceId}/${task}/${to}/${updatedAtMs}`;

const isOfTask = ({ type }: CloudEvent): boolean => type.startsWith("com.huaweicloud.dms.task.");

export interface Commit {
  readonly history: History;
  readonly incarnation: Incarnation;
  readonly previous: Checkpoint;
  readonly next: Checkpoint;
  /** What of it is in the record itself, and not parked. */
  readonly outbox: Checkpoint["outbox"];
  readonly rules: CommitRules;
  readonly deeds: Deeds;
  readonly nowMs: number;
  readonly apiSkewMs: number;
  readonly faults: FaultCounts;
}

/** What must hold between a record and the one that a process puts in its place. */
export function checkCommit(commit: Commit): void {
  checkTold(commit);
  checkOwed(commit);
  checkWatermark(commit);
  checkBounds(commit);
}

/** What the new record knows and the old did not is told: an event for each change, owed to each sink that wants it. */
function checkTold(commit: Commit): void {
  const { history, incarnation, previous, next, rules, deeds } = commit;
  const entries = new Map(next.outbox.map((entry) => [entry.event.id as string, entry]));
  const placed = new Map(
    next.outbox
      .filter(({ sequence }) => sequence >= previous.nextSequence)
      .map(({ event }) => [event.id as string, event]),
  );
  const expected = expectations(commit);
  expected.push(...partings(previous, next, [...placed.values()].filter(isOfTask), deeds));
  expected.push(...checkOutage(commit));
  const added = next.nextSequence - previous.nextSequence;
  if (added < expected.length) {
    throw new Violation("no loss", `a commit made ${added} events for: ${expected.join(", ")}`);
  }
  // Made, given up and forgotten in one commit: only its dead letter tells of such an event.
  for (const event of incarnation.givenUp) {
    for (const [sink, wants] of rules.filters) {
      if (!wants(event)) history.settledEver.add(pair(sink, event.id));
    }
  }
  for (const id of expected) {
    const owing = placed.get(id);
    const event = owing ?? incarnation.givenUp.find((given) => given.id === id);
    placed.delete(id);
    for (const [sink, wants] of rules.filters) {
      const isOwed = entries.get(id)?.pending.has(sink) === true || incarnation.lettered.has(`${sink}:${id}`);
      // An event that no outbox holds was refused by every filter, or given up in the same commit.
      const isWanted = event ? wants(event) : !history.pickySinks.has(sink);
      if (isWanted && !isOwed) throw new Violation("no loss", `${id} is not owed to ${sink}`);
      if (!isWanted) history.settledEver.add(`${sink}:${id}`);
    }
    if (owing) remember(incarnation, owing, next, rules, deeds);
  }
  for (const id of placed.keys())
    throw new Violation("no loss", `${id} tells a change that nobody was shown`);
}

const wantedBy = (event: CloudEvent, rules: CommitRules): readonly SinkName[] =>
  [...rules.filters].filter(([, wants]) => wants(event)).map(([sink]) => sink);

function remember(
  incarnation: Incarnation,
  event: CloudEvent,
  next: Checkpoint,
  rules: CommitRules,
  deeds: Deeds,
): void {
  const task = event.subject as TaskId;
  const before = incarnation.committed.get(task) ?? [];
  // A dead letter can outlive a commit that failed, and be put back before its change is told at all.
  const isPutBack = [...incarnation.redriven].some((key) => key.endsWith(`:${event.id}`));
  // A late sight of an end that a lagging replica shows is believed; what then persists is told again.
  const isContradicted = before.some(
    ({ time }, place) => place > 0 && time < (before[place - 1]?.time ?? ""),
  );
  if (!isPutBack && !isContradicted && before.some(({ id }) => id === event.id))
    throw new Violation("told once", `${event.id} is committed twice`);
  const sequence = next.outbox.find((entry) => entry.event.id === event.id)?.sequence ?? 0;
  incarnation.sequences.set(event.id, sequence);
  incarnation.bytes.set(event.id, [...(incarnation.bytes.get(event.id) ?? []), JSON.stringify(event)]);
  const last = before.at(-1);
  const endsOpen = finals.has(event.data.change.to) && !finals.has(last?.data.change.to ?? "");
  if (last && last.time > event.time && !endsOpen && !isContradicted) {
    throw new Violation("order", `${event.id} follows ${last.id} and is older`);
  }
  incarnation.committed.set(task, [...before, event]);
  deeds.fenced.push({ id: event.id, sinks: wantedBy(event, rules) });
}

function expectations({ history, previous, next, rules, deeds, apiSkewMs }: Commit): string[] {
  const { stream } = rules.context;
  // The baseline is an instant of the bridge's clock; a task bears the API's.
  const baselineMs = previous.baselineMs === null ? null : previous.baselineMs + apiSkewMs;
  const expected: string[] = [];
  if (baselineMs !== null) {
    for (const sight of deeds.sights) {
      const { id, status } = sight;
      if (!previous.known.has(id) && finals.has(status) && stampOf(sight) < baselineMs)
        history.noNews.add(id);
    }
  }
  for (const [task, known] of next.known) {
    const before = previous.known.get(task);
    const expect = (to: string): void => {
      expected.push(idOf(stream, task, to, stampOf(known)));
    };
    const isNew = before?.status !== known.status || (before.gone !== null && known.gone === null);
    if (isNew) {
      const isNoNews =
        !before && baselineMs !== null && finals.has(known.status) && stampOf(known) < baselineMs;
      if (!isNoNews) expect(known.status);
      if (!isSeen(deeds, task, known.status, stampOf(known)))
        throw new Violation("no loss", `${task} ${known.status} was recorded and never shown`);
    }
    if (known.overdueEmitted && !before?.overdueEmitted) expect("OVERDUE");
    if (known.gone !== null && !before?.gone) {
      expect("VANISHED");
      if (!deeds.gone.has(task))
        throw new Violation("no loss", `${task} is said to have vanished, and has not`);
    }
    if (known.gone) history.vanished.add(task);
  }
  return expected;
}

/** Events of tasks that ended and left the window, and so memory, in one commit. */
function partings(
  previous: Checkpoint,
  next: Checkpoint,
  placed: readonly CloudEvent[],
  deeds: Deeds,
): readonly string[] {
  const parted = new Map<TaskId, CloudEvent>();
  for (const event of placed) {
    const task = event.subject as TaskId;
    if (next.known.has(task)) continue;
    const { to } = event.data.change;
    const isTrue = to === "VANISHED" ? deeds.gone.has(task) : isSeen(deeds, task, to, Date.parse(event.time));
    if (!isTrue) throw new Violation("no loss", `${event.id} was recorded and never shown`);
    parted.set(task, event);
  }
  for (const [task, known] of previous.known) {
    if (!isOpen(known) || finals.has(known.status) || next.known.has(task) || parted.has(task)) continue;
    // Given up at once, over the backlog: then it is among the dead letters, and the count says so.
    if (next.nextSequence - previous.nextSequence <= placed.length)
      throw new Violation("no loss", `${task} was open and is forgotten without a word`);
  }
  return Array.from(parted.values(), ({ id }) => id);
}

const isSeen = ({ sights }: Deeds, task: TaskId, status: string, updatedAtMs: number): boolean =>
  sights.some((sight) => sight.id === task && sight.status === status && stampOf(sight) === updatedAtMs);

/** Nothing owed disappears unless it was accepted or is among the dead letters. */
function checkOwed({ incarnation, previous, next }: Commit): void {
  const kept = new Map(next.outbox.map((entry) => [`${entry.sequence} ${entry.event.id}`, entry]));
  for (const { sequence, event, pending } of previous.outbox) {
    for (const sink of pending.keys()) {
      if (kept.get(`${sequence} ${event.id}`)?.pending.has(sink)) continue;
      const key = pair(sink, event.id);
      if (!incarnation.accepted.has(key) && !incarnation.lettered.has(key))
        throw new Violation(
          "no loss",
          `${key} was settled, though neither accepted nor among the dead letters`,
        );
    }
  }
}

function checkWatermark({ previous, next, rules, deeds, nowMs, apiSkewMs }: Commit): void {
  // A first window that began by a wrong clock is set right by the API's.
  if (next.watermarkMs < previous.watermarkMs && previous.newestCreatedMs === null) return;
  if (next.watermarkMs < previous.watermarkMs) throw new Violation("watermark", "it moved back");
  if (next.watermarkMs === previous.watermarkMs) return;
  if (!deeds.listed) throw new Violation("watermark", "it moved without a listing read to its end");
  const passes = (createdAtMs: number): boolean => secondOf(next.watermarkMs) > secondOf(createdAtMs);
  for (const [task, known] of next.known) {
    const isYoung = known.createdAtMs >= nowMs + apiSkewMs - rules.maxOpenAgeMs;
    const wasInside = secondOf(known.createdAtMs) >= secondOf(previous.watermarkMs);
    if (isOpen(known) && isYoung && wasInside && passes(known.createdAtMs))
      throw new Violation("watermark", `it passed ${task}, which is open`);
  }
}

function checkBounds({ next, outbox, rules }: Commit): void {
  for (const [task, known] of next.known) {
    const isLookedFor = known.gone !== null && known.gone.nextLookMs !== null;
    if (!isOpen(known) && !isLookedFor && secondOf(known.createdAtMs) < secondOf(next.watermarkMs))
      throw new Violation("bounded", `${task} has ended, lies outside the window, and is kept`);
  }
  for (const sink of rules.policies.keys()) {
    const pending = outbox.filter((entry) => entry.pending.has(sink)).length;
    if (pending > rules.maxBacklog) throw new Violation("bounded", `${sink} is owed ${pending} events`);
  }
}
