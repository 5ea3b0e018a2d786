import { floorToSecond } from "../change/window.ts";
import type { SinkName } from "../core/names.ts";
import type { Checkpoint, OutboxEntry } from "./checkpoint.ts";

/** Between the writer's clock and the reader's. */
const clockSlackMs = 60_000;

/** The longest that a record may ask to wait, milliseconds. */
export interface LongestWaits {
  readonly fenceMs: number;
  /** For a sink's next attempt; the greatest of a retry's delay and the Retry-After that is obeyed. */
  readonly attemptMs: (sink: SinkName) => number;
}

/**
 * A record without the instants that only a clock which was ahead can have set: each lies further in the future than
 * the longest wait of its kind. The same object where there is none. `nowMs` is our clock's.
 */
export function withoutVoidInstants(
  checkpoint: Checkpoint,
  nowMs: number,
  longest: LongestWaits,
): Checkpoint {
  const { lease, breakers, outbox, baselineMs, goneMs } = checkpoint;
  const isVoid = (atMs: number, waitMs: number): boolean => atMs > nowMs + waitMs + clockSlackMs;
  const isLateFor = (sink: SinkName, atMs: number): boolean => isVoid(atMs, longest.attemptMs(sink));
  const isSound = ({ pending }: OutboxEntry): boolean =>
    !pending.entries().some(([sink, each]) => isLateFor(sink, each.nextAttemptMs));
  const isQuiet =
    !(lease && isVoid(lease.untilMs, longest.fenceMs)) &&
    !(baselineMs !== null && isVoid(baselineMs, 0)) &&
    !(goneMs !== null && isVoid(goneMs, 0)) &&
    !breakers
      .entries()
      .some(([sink, each]) => isLateFor(sink, each.notBeforeMs) || isVoid(each.sinceMs, 0)) &&
    outbox.every(isSound);
  if (isQuiet) return checkpoint;
  return {
    ...checkpoint,
    baselineMs: baselineMs === null ? null : Math.min(baselineMs, nowMs),
    goneMs: goneMs === null ? null : Math.min(goneMs, nowMs),
    lease: lease && isVoid(lease.untilMs, longest.fenceMs) ? null : lease,
    breakers: new Map(
      Array.from(breakers, ([sink, each]) => [
        sink,
        {
          ...each,
          sinceMs: Math.min(each.sinceMs, nowMs),
          notBeforeMs: isLateFor(sink, each.notBeforeMs) ? nowMs : each.notBeforeMs,
        },
      ]),
    ),
    outbox: outbox.map((entry) =>
      isSound(entry)
        ? entry
        : {
            ...entry,
            pending: new Map(
              Array.from(entry.pending, ([sink, each]) => [
                sink,
                isLateFor(sink, each.nextAttemptMs) ? { ...each, nextAttemptMs: nowMs } : each,
              ]),
            ),
          },
    ),
  };
}

/**
 * A record in which no event was committed in the future; the same object where none was. `nowMs` must be confirmed by
 * the API: a clock that is behind would make young events old.
 */
export function withSoundAges(checkpoint: Checkpoint, nowMs: number): Checkpoint {
  const isSound = ({ committedAtMs }: OutboxEntry): boolean => committedAtMs <= nowMs + clockSlackMs;
  const { outbox } = checkpoint;
  if (outbox.every(isSound)) return checkpoint;
  return {
    ...checkpoint,
    outbox: outbox.map((entry) => (isSound(entry) ? entry : { ...entry, committedAtMs: nowMs })),
  };
}

export interface WindowReach {
  /** The configured first instant; null where there is none. */
  readonly startMs: number | null;
  readonly lookbackMs: number;
  readonly maxOpenAgeMs: number;
}

/**
 * A record whose watermark only a clock that was ahead can have set has it moved back: nothing would be listed until
 * then. The same object where it is sound.
 */
export function withSoundWatermark(
  checkpoint: Checkpoint,
  now: { readonly oursMs: number; readonly apiMs: number },
  { startMs, lookbackMs, maxOpenAgeMs }: WindowReach,
): Checkpoint {
  const { watermarkMs, newestCreatedMs, baselineMs } = checkpoint;
  // Nothing was listed yet: the first window reaches back as far as an open task may lie, by the API's clock.
  const isFirst = newestCreatedMs === null && baselineMs !== null;
  const reachMs = isFirst ? maxOpenAgeMs : 0;
  // Later on a window that moves back repeats what it told, so one wrong clock is not enough.
  const nowMs = isFirst ? now.apiMs : Math.max(now.apiMs, now.oursMs);
  if (watermarkMs <= nowMs - reachMs + clockSlackMs) return checkpoint;
  const soundMs = floorToSecond(now.apiMs - (isFirst ? maxOpenAgeMs : lookbackMs));
  const nextMs = Math.max(soundMs, startMs ?? Number.NEGATIVE_INFINITY);
  return nextMs < watermarkMs ? { ...checkpoint, watermarkMs: nextMs } : checkpoint;
}
