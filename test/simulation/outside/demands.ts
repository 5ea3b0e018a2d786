import type { ApiReply } from "./api.ts";
import type { Run } from "./judge.ts";
import { finals, streamKey, type Task } from "./world.ts";

/** One answer that showed one state of a task to one run. */
export interface Seen {
  readonly run: Run;
  readonly index: number;
  readonly atMs: number;
  readonly look: Look;
}

/** One reading of a stream in one run. */
export interface Look {
  /** Whether it is the first of its run: a later one is dropped where the time to follow ends before it is whole. */
  readonly isFirst: boolean;
  /** When its newest answer came; null while its list is not read to the end. */
  endMs: number | null;
}

const againMs = 1_000;

/** Sorts the answers that runs get into looks. */
export class Looks {
  readonly #newest = new Map<string, Look>();

  at(run: Run, stream: string, { page, atMs }: Pick<ApiReply, "page"> & { readonly atMs: number }): Look {
    const place = `${run.id}/${stream}`;
    const last = this.#newest.get(place);
    // A list that grows while it is read is read again, at once.
    const isAnother = page?.isFirst && run.followsUntilMs !== null && atMs > (last?.endMs ?? atMs) + againMs;
    const look = last && !isAnother ? last : { isFirst: last === undefined, endMs: null };
    look.endMs = (page ? page.isLast : look.endMs !== null) ? atMs : null;
    this.#newest.set(place, look);
    return look;
  }
}

/** A state whose event was made durable. */
export interface Told {
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
/** How long a whole list may take to be committed. */
const commitMs = 1_000;

/**
 * What must be told of a task, by what was shown of it. A look counts when it read the stream to the end, and then the
 * furthest state that it showed. An end counts at once after an open state. Any other counts at once when it is the first sight of
 * the task, or its stamp is later than every one shown before; otherwise it may be a lagging replica, and counts when it
 * stays for a minute. A status that is the one told before is no change.
 */
export function demandsOf(
  task: Task,
  {
    seen,
    runs,
    told,
  }: { readonly seen: readonly Seen[]; readonly runs: readonly Run[]; readonly told: readonly Told[] },
): readonly Demand[] {
  const stream = streamKey(task.instance);
  const reads = runs.filter(({ completed }) => completed.has(stream));
  const demands = new Map<number, Demand>();
  for (const look of new Set(seen.map((sight) => sight.look))) {
    const own = seen.filter((sight) => sight.look === look);
    const index = Math.max(...own.map((sight) => sight.index));
    const first = seen.find((sight) => sight.index === index);
    const since = own.find((sight) => sight.index === index);
    if (!first || !since || !isWhole(since, stream) || demands.has(index)) continue;
    if (isKnownFromBaseline(task, first, reads)) continue;
    const rivals = seen.filter((sight) => sight.index > index);
    if (rivals.some((sight) => sight.atMs < since.atMs || overlap(sight.run, since.run))) continue;
    if (isNoChange(task, index, { seen, first, told, demands })) continue;
    const why = reasonFor(task, index, { seen, since, first });
    if (why) demands.set(index, { index, sinceMs: first.atMs, why });
  }
  return [...demands.values()];
}

const isWhole = ({ run, look: { isFirst, endMs } }: Seen, stream: string): boolean =>
  endMs !== null &&
  run.completed.has(stream) &&
  (isFirst || run.followsUntilMs === null || endMs + commitMs < run.followsUntilMs);

/** A status that is what it was, as far as the answers showed, is no change, whatever came and went between them. */
function isNoChange(
  { states }: Task,
  index: number,
  known: {
    readonly seen: readonly Seen[];
    readonly first: Seen;
    readonly told: readonly Told[];
    readonly demands: ReadonlyMap<number, Demand>;
  },
): boolean {
  const past = known.told.filter(({ atMs }) => atMs < known.first.atMs);
  const newest = past.toSorted((a, b) => a.atMs - b.atMs).at(-1)?.index ?? -1;
  const shown = known.seen.filter((sight) => sight.atMs < known.first.atMs).map((sight) => sight.index);
  const before = [Math.max(-1, ...shown), Math.max(-1, ...known.demands.keys()), newest];
  return before.some((other) => other < index && states[other]?.status === states[index]?.status);
}

function reasonFor(
  task: Task,
  index: number,
  { seen, since, first }: { readonly seen: readonly Seen[]; readonly since: Seen; readonly first: Seen },
): Demand["why"] | null {
  const state = task.states[index];
  if (!state) return null;
  const before = seen.filter((sight) => sight.atMs <= first.atMs && sight.index !== index);
  if (before.length === 0) return "first sight";
  const furthest = task.states[Math.max(...before.map((sight) => sight.index))];
  if (finals.has(state.status) && !finals.has(furthest?.status ?? "")) return "an end";
  const stamps = before.map((sight) => task.states[sight.index]?.stampMs ?? null);
  // An instant that is yet to come is worth nothing.
  const stampMs = state.stampMs !== null && state.stampMs <= first.atMs ? state.stampMs : null;
  if (stampMs !== null && stamps.every((other) => other !== null && other < stampMs)) return "a later stamp";
  const stream = streamKey(task.instance);
  const stays = seen.some(
    (again) =>
      again.index === index &&
      isWhole(again, stream) &&
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
