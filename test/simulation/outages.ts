import type { Checkpoint, Outage } from "../../lib/checkpoint/checkpoint.ts";
import type { CommitRules } from "../../lib/run/commit-plan.ts";
import { type Commit, idOf } from "./commit-checks.ts";
import { type Deeds, Violation } from "./history.ts";

/** A begin that lies further ahead than this was set by a clock that ran ahead; it is set right. */
const clockSlackMs = 60_000;

/** What came of a run's attempt to read its stream. */
export interface Reading {
  readonly isRead: boolean;
  /** By the process's clock. */
  readonly atMs: number;
}

/** A stream's outages, as its readings and the order of commits make them. */
export interface Outages {
  /** Null while the stream can be read. */
  open: OpenOutage | null;
  /** Commits of all runs before the last one ended. */
  endedAt: number;
}

interface OpenOutage {
  readonly sinceMs: number;
  /** The begin that its event names; null before that. */
  readonly toldMs: number | null;
  /** Commits of all runs before it was recorded. */
  readonly recordedAt: number;
}

export const outagesOf = (record: Checkpoint | null): Outages => ({
  open: record && openOf(record.outage, 0),
  endedAt: 0,
});

const openOf = (outage: Outage | null, recordedAt: number): OpenOutage | null =>
  outage && { sinceMs: outage.sinceMs, toldMs: outage.emittedMs, recordedAt };

/**
 * What a commit says of its stream's outage is what the run found; returns the ids of the events that tell it. Only a
 * run that could not read begins one or tells one, and only a run that read ends one.
 */
export function checkOutage({
  history,
  incarnation,
  next,
  rules,
  deeds,
  nowMs,
  faults,
}: Commit): readonly string[] {
  const { outages } = incarnation;
  const before = outages.open;
  const after = openOf(next.outage, before?.recordedAt ?? history.writes);
  outages.open = after;
  const idIn = (to: string, toldMs: number): string =>
    idOf(rules.context.stream, `reading-${toldMs}`, to, toldMs);
  if (!after) {
    if (!before) return [];
    if (!deeds.reading?.isRead)
      throw new Violation("outage", "it ended, and the run did not read the stream");
    outages.endedAt = history.writes;
    faults.hit(
      before.toldMs === null ? "api: unreadable for a short time" : "api: readable again after that",
    );
    return before.toldMs === null ? [] : [idIn("RECOVERED", before.toldMs)];
  }
  const toldMs = before?.toldMs ?? null;
  const isMended = before !== null && before.sinceMs > nowMs + clockSlackMs - 1_000;
  if (!isMended && after.sinceMs !== (before?.sinceMs ?? deeds.reading?.atMs))
    throw new Violation("outage", "its begin is not that of the first reading that failed");
  if (after.toldMs === toldMs) {
    if (!before) demandFailed(deeds, "began");
    return [];
  }
  if (toldMs !== null || after.toldMs === null)
    throw new Violation("outage", "what was told of it has changed");
  demandFailed(deeds, "is told");
  if (rules.unreadableAfterMs === null || nowMs - after.sinceMs < rules.unreadableAfterMs)
    throw new Violation("outage", "it is told too early");
  faults.hit("api: unreadable for too long");
  return [idIn("UNREADABLE", after.toldMs)];
}

function demandFailed({ reading }: Deeds, what: string): void {
  if (reading?.isRead !== false)
    throw new Violation("outage", `it ${what}, and the run did not fail to read the stream`);
}

/** A run that ended by itself, its store being well, has recorded what it found, and told an outage that is too long. */
export function checkHeard(
  { open, endedAt }: Outages,
  { reading, writesBefore }: Deeds,
  limitMs: CommitRules["unreadableAfterMs"],
): void {
  if (!reading) return;
  // A run keeps to the record that it loaded; another may have recorded more since.
  const isOlder = (writes: number): boolean => writes <= writesBefore;
  if (reading.isRead) {
    if (open && isOlder(open.recordedAt))
      throw new Violation("outage", "the stream was read, and its record says otherwise");
    return;
  }
  if (!open && isOlder(endedAt))
    throw new Violation("outage", "the stream could not be read, and its record does not say so");
  const isTooLong = open && limitMs !== null && reading.atMs - open.sinceMs >= limitMs;
  if (isTooLong && open.toldMs === null && isOlder(open.recordedAt))
    throw new Violation("outage", "it lasts too long, and is not told");
}
