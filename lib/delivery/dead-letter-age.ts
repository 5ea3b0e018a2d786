import { isWithin } from "../core/clock.ts";
import { nameOf } from "../core/errors.ts";
import type { SinkName } from "../core/names.ts";
import type { Log } from "../telemetry/log.ts";
import { countBySink, type DeadLetterStore } from "./dead-letters.ts";

const everyMs = 3_600_000;
/** Last part of a dead letter's life, in which its removal is announced in the log. */
const announcedPart = 0.1;

/** Parts that dead letter expiry needs. */
export interface DeadLetterAgeDeps {
  readonly deadLetters: DeadLetterStore;
  readonly log: Log;
  readonly maxAgeMs: number;
}

/** Removed dead letters, by sink. */
export type Expired = ReadonlyMap<SinkName, number>;

/** A run that has ended. */
export interface EndedRun {
  /** The time as the API confirms it, epoch milliseconds; null: not confirmed. A clock ahead would delete everything. */
  readonly nowMs: number | null;
  /** Whether it neither emitted nor tried to deliver anything. */
  readonly isIdle: boolean;
}

/**
 * Removes expired dead letters at the end of a run, at most once an hour; not after idle runs of the first hour, since
 * the start of a process asks the store enough. The log announces each removal beforehand and reports it afterwards.
 * Never rejects: after a store failure it tries again later.
 */
export function deadLetterAge({
  deadLetters,
  log,
  maxAgeMs,
}: DeadLetterAgeDeps): (run: EndedRun) => Promise<Expired> {
  let sweptMs: number | null = null;

  async function sweep(nowMs: number): Promise<Expired> {
    const old = await deadLetters.list({ givenUpBeforeMs: nowMs - maxAgeMs * (1 - announcedPart) });
    const gone = old.filter(({ givenUpAtMs }) => givenUpAtMs < nowMs - maxAgeMs);
    for (const { id, sink, stream, reason } of gone)
      log("warn", "dead letter expired", {
        deadLetter: id,
        sink,
        stream,
        reason,
      });
    if (gone.length > 0) await deadLetters.remove(gone.map(({ id }) => id));
    const staying = old.filter((deadLetter) => !gone.includes(deadLetter));
    for (const [sink, deadLetters] of Map.groupBy(staying, (deadLetter) => deadLetter.sink)) {
      const firstGoesAt = new Date((deadLetters[0]?.givenUpAtMs ?? nowMs) + maxAgeMs).toISOString();
      log("warn", "dead letters expire soon: redrive or purge them", {
        sink,
        deadLetters: deadLetters.length,
        firstGoesAt,
      });
    }
    return countBySink(gone);
  }

  return async ({ nowMs, isIdle }) => {
    if (nowMs === null) return new Map();
    if (isIdle) sweptMs ??= nowMs;
    if (sweptMs !== null && isWithin(everyMs, sweptMs, nowMs)) return new Map();
    sweptMs = nowMs;
    try {
      return await sweep(nowMs);
    } catch (error) {
      const problem = error instanceof Error && "code" in error ? error.message : nameOf(error);
      log("warn", "expired dead letters could not be checked", { problem });
      return new Map();
    }
  };
}
