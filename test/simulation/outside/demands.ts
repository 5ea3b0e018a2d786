import type { Run } from "./judge.ts";
import { finals, streamKey, type Task } from "./world.ts";

/** One answer that showed one state of a task to one run. */
export interface Seen {
  readonly run: Run;
  readonly index: number;
  readonly atMs: number;
}

/** A state that every sink must hear of. */
export interface Demand {
  readonly index: number;
  /** When it was first shown. */
  readonly sinceMs: number;
  readonly why: "an end" | "first sight" | "a later stamp" | "shown again a minute on";
}

/** A doubt is over when a poll at least a minute on shows the same; a second for the poll's own time. */
const doubtMs = 61_000;

/**
 * What must be told of a task, by what was shown of it. A poll counts when its run read the stream to the end, and then
 * the furthest state that it showed. An end counts at once. An open state counts at once when it is the first sight of
 * the task, or its stamp is later than every one shown before; otherwise it may be a lagging replica, and counts when it
 * stays for a minute. A status that is the one told before is no change.
 */
export function demandsOf(task: Task, seen: readonly Seen[], runs: readonly Run[]): readonly Demand[] {
  const stream = streamKey(task.instance);
  const reads = runs.filter(({ completed }) => completed.has(stream));
  const demands = new Map<number, Demand>();
  for (const run of reads) {
    const own = seen.filter((sight) => sight.run === run);
    const index = Math.max(-1, ...own.map((sight) => sight.index));
    const first = seen.find((sight) => sight.index === index);
    if (index < 0 || !first || demands.has(index) || isKnownFromBaseline(task, first, reads)) continue;
    const since = own.find((sight) => sight.index === index) ?? first;
    const rivals = seen.filter((sight) => sight.index > index);
    if (rivals.some((sight) => sight.atMs < since.atMs || overlap(sight.run, run))) continue;
    if (isNoChange(task, index, { seen, first, demands })) continue;
    const why = reasonFor(task, index, { seen, own, first });
    if (why) demands.set(index, { index, sinceMs: first.atMs, why });
  }
  return [...demands.values()];
}

/** A status that is what it was, as far as the answers showed, is no change, whatever came and went between them. */
function isNoChange(
  { states }: Task,
  index: number,
  known: {
    readonly seen: readonly Seen[];
    readonly first: Seen;
    readonly demands: ReadonlyMap<number, Demand>;
  },
): boolean {
  const shown = known.seen.filter((sight) => sight.atMs < known.first.atMs).map((sight) => sight.index);
  const before = [Math.max(-1, ...shown), Math.max(-1, ...known.demands.keys())];
  return before.some((other) => other < index && states[other]?.status === states[index]?.status);
}

function reasonFor(
  task: Task,
  index: number,
  {
    seen,
    own,
    first,
  }: { readonly seen: readonly Seen[]; readonly own: readonly Seen[]; readonly first: Seen },
): Demand["why"] | null {
  const state = task.states[index];
  if (!state) return null;
  if (finals.has(state.status)) return "an end";
  const before = seen.filter((sight) => sight.atMs <= first.atMs && sight.index !== index);
  if (before.length === 0) return "first sight";
  const stamps = before.map((sight) => task.states[sight.index]?.stampMs ?? null);
  // An instant that is yet to come is worth nothing.
  const stampMs = state.stampMs !== null && state.stampMs <= first.atMs ? state.stampMs : null;
  if (stampMs !== null && stamps.every((other) => other !== null && other < stampMs)) return "a later stamp";
  const since = own.find((sight) => sight.index === index);
  const stream = streamKey(task.instance);
  const stays = seen.some(
    (again) =>
      since !== undefined &&
      again.index === index &&
      again.run.completed.has(stream) &&
      again.atMs >= since.atMs + doubtMs &&
      seen.every(({ index: other, atMs }) => other === index || atMs < since.atMs || atMs > again.atMs),
  );
  return stays ? "shown again a minute on" : null;
}

/** With `startFrom: now`, what the first poll of a stream finds is no news; nor is it after the stream had been away. */
function isKnownFromBaseline({ instance }: Task, first: Seen, reads: readonly Run[]): boolean {
  if (instance.project.startFrom === "all") return false;
  const beginnings = [Number.NEGATIVE_INFINITY, ...instance.absences.map(({ untilMs }) => untilMs)];
  return beginnings.some((fromMs) => {
    const baseline = reads.find((run) => run.startMs >= fromMs);
    return first.atMs >= fromMs && first.atMs <= (baseline?.endMs ?? Number.POSITIVE_INFINITY);
  });
}

const overlap = (one: Run, other: Run): boolean =>
  one !== other && one.startMs <= other.endMs && other.startMs <= one.endMs;
