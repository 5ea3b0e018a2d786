import { floorToSecond } from "../change/window.ts";
import type { SinkName } from "../core/names.ts";
import type { Checkpoint, OutboxEntry } from "./checkpoint.ts";

/** Tolerated difference between the writer's clock and the reader's. */
const clockSlackMs = 60_000;

/** Upper bounds of the waits in a record, milliseconds. */
export interface LongestWaits {
  readonly fenceMs: number;
  /** For a sink's next attempt: the greater of its longest retry delay and its longest accepted Retry-After. */
  readonly attemptMs: (sink: SinkName) => number;
}

/**
 * Removes instants that lie further ahead than the longest wait of their kind: only a clock that ran ahead can have set
 * them. Returns the same object when there are none. `nowMs` is the local clock's.
 */
export function withoutVoidInstants(
  checkpoint: Checkpoint,
  nowMs: number,
  longest: LongestWaits,
): Checkpoint {
  const { lease, breakers, outbox, outage, baselineMs, goneMs } = checkpoint;
  const isVoid = (atMs: number, waitMs: number): boolean => atMs > nowMs + waitMs + clockSlackMs;
  const isLateFor = (sink: SinkName, atMs: number): boolean => isVoid(atMs, longest.attemptMs(sink));
  const isSound = ({ pending }: OutboxEntry): boolean =>
    !pending.entries().some(([sink, each]) => isLateFor(sink, each.nextAttemptMs));
  const isQuiet =
    !(lease && isVoid(lease.untilMs, longest.fenceMs)) &&
    !(baselineMs !== null && isVoid(baselineMs, 0)) &&
    !(goneMs !== null && isVoid(goneMs, 0)) &&
    !(outage && isVoid(outage.sinceMs, 0)) &&
    !breakers
      .entries()
      .some(([sink, each]) => isLateFor(sink, each.notBeforeMs) || isVoid(each.sinceMs, 0)) &&
    outbox.every(isSound);
  if (isQuiet) return checkpoint;
  return {
    ...checkpoint,
    baselineMs: baselineMs === null ? null : Math.min(baselineMs, nowMs),
    goneMs: goneMs === null ? null : Math.min(goneMs, nowMs),
    outage: outage && { ...outage, sinceMs: Math.min(outage.sinceMs, nowMs) },
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
 * Moves commit times out of the future; returns the same object when there are none. `nowMs` must be confirmed by the
 * API: a slow local clock would make young events look old.
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

/** Moves a watermark and commit times out of the future, as `withSoundWatermark` and `withSoundAges` do. */
export const withSoundTimes = (checkpoint: Checkpoint, now: Clocks, reach: WindowReach): Checkpoint =>
  withSoundAges(withSoundWatermark(checkpoint, now, reach), Math.max(now.oursMs, now.apiMs));

/** One instant by two clocks, epoch milliseconds. */
interface Clocks {
  readonly oursMs: number;
  readonly apiMs: number;
}

/** How far back the window of a stream may begin. */
export interface WindowReach {
  /** Configured first instant, epoch milliseconds; null when not set. */
  readonly startMs: number | null;
  readonly lookbackMs: number;
  readonly maxOpenAgeMs: number;
}

/**
 * Moves back a watermark that a clock running ahead has set, since nothing would be listed until then. Returns the same
 * object when the watermark is plausible.
 */
export function withSoundWatermark(
  checkpoint: Checkpoint,
  now: Clocks,
  { startMs, lookbackMs, maxOpenAgeMs }: WindowReach,
): Checkpoint {
  const { watermarkMs, newestCreatedMs, baselineMs } = checkpoint;
  // Nothing listed yet: the first window reaches back to the oldest allowed open task, by the API's clock.
  const isFirst = newestCreatedMs === null && baselineMs !== null;
  const reachMs = isFirst ? maxOpenAgeMs : 0;
  // Later, a window that moves back repeats events, so one wrong clock is not enough.
  const nowMs = isFirst ? now.apiMs : Math.max(now.apiMs, now.oursMs);
  if (watermarkMs <= nowMs - reachMs + clockSlackMs) return checkpoint;
  const soundMs = floorToSecond(now.apiMs - (isFirst ? maxOpenAgeMs : lookbackMs));
  const nextMs = Math.max(soundMs, startMs ?? Number.NEGATIVE_INFINITY);
  return nextMs < watermarkMs ? { ...checkpoint, watermarkMs: nextMs } : checkpoint;
}
