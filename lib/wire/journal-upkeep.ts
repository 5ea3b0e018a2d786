import { within } from "../async/within.ts";
import { type Clock, isWithin } from "../core/clock.ts";
import { JournalError, type MissingEntries, nameOf } from "../core/errors.ts";
import type { EndedRun } from "../delivery/dead-letter-age.ts";
import type { Journal, JournalLimits } from "../journal/journal.ts";
import type { Log } from "../telemetry/log.ts";

/** Longest time that a run's end waits for entries on their way, milliseconds. */
const settleMs = 5_000;
/** Time for one trim, milliseconds; the rest is left to the next. */
const trimMs = 1_000;
/** How often old entries are deleted while nothing happens, milliseconds: an idle run asks nothing of the store. */
const idleTrimMs = 3_600_000;

/** Entries that a journal could not keep. */
export interface JournalLosses {
  /** Counts entries that could not be kept. */
  readonly failed: (error: unknown, lost: number) => void;
  /** Returns the losses since the last call as one error, and logs it; null without losses. */
  take(): JournalError | null;
}

/** Counts the entries that a journal could not keep. */
export function journalLosses({ clock, log }: Pick<UpkeepDeps, "clock" | "log">): JournalLosses {
  let missing: MissingEntries | null = null;
  let cause: unknown = null;
  return {
    failed: (error, count) => {
      const untilMs = clock.now();
      missing = { count: (missing?.count ?? 0) + count, fromMs: missing?.fromMs ?? untilMs, untilMs };
      cause = error;
    },
    take: () => {
      if (missing === null) return null;
      const error = new JournalError(missing, cause);
      missing = null;
      log("warn", "the journal is incomplete; deliveries and records are unaffected", {
        code: error.code,
        problem: error.message,
      });
      return error;
    },
  };
}

/** Parts that the upkeep of a journal needs. */
export interface UpkeepDeps {
  readonly journal: Journal;
  readonly limits: JournalLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Upkeep of a journal at the end of a run: waits shortly for entries on their way, and deletes old ones from time to
 * time. Never rejects.
 */
export function journalUpkeep({ journal, limits, clock, log }: UpkeepDeps) {
  let trimmedMs: number | null = null;

  async function trim(nowMs: number): Promise<void> {
    const kept = { sinceMs: nowMs - limits.keepMs, maxEvents: limits.maxEvents };
    const untilMs = clock.now() + trimMs;
    while ((await journal.trim(kept)) && clock.now() < untilMs);
  }

  return async ({ nowMs, isIdle }: EndedRun): Promise<void> => {
    await within(journal.settled(), settleMs, clock);
    if (nowMs === null) return;
    if (isIdle) trimmedMs ??= nowMs;
    const everyMs = isIdle ? idleTrimMs : journal.trimEveryMs;
    if (trimmedMs !== null && isWithin(everyMs, trimmedMs, nowMs)) return;
    trimmedMs = nowMs;
    try {
      await trim(nowMs);
    } catch (error) {
      const problem = error instanceof Error && "code" in error ? error.message : nameOf(error);
      log("warn", "old entries of the journal could not be deleted", { problem });
    }
  };
}
