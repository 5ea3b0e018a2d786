import type { BreakerState, Checkpoint } from "../checkpoint/checkpoint.ts";
import { oldestPendingBySink, pendingCounts } from "../checkpoint/pending.ts";
import type { SinkName } from "../core/names.ts";
import type { FailureReason } from "../core/result.ts";
import { sinkAction } from "./actions.ts";

/**
 * Whether a sink takes its deliveries.
 *
 * - `healthy`: it refuses none.
 * - `retrying`: it refuses some and accepts others.
 * - `failing`: it refuses all; one delivery a run goes as a probe.
 * - `blocked`: like `failing`, until an operator fixes the sink.
 * - `removed`: the configuration lacks it, and a run gives up its deliveries, or did.
 */
export type SinkHealth = "healthy" | BreakerState["kind"] | "removed";

/** Status of one sink, in every report: the commands' tables and JSON, the log, metrics and the console. */
export interface SinkStatus {
  readonly state: SinkHealth;
  /** Since when it refuses deliveries, ISO 8601; null while it is healthy, like the next three. */
  readonly since: string | null;
  readonly reason: FailureReason | null;
  /** HTTP status of its last refusal; null without one. */
  readonly httpStatus: number | null;
  /** The platform's last message: one line without secrets. */
  readonly message: string | null;
  /** Deliveries that wait. */
  readonly pending: number;
  /** Commit time of the oldest pending delivery, ISO 8601; null when none is pending. */
  readonly oldestPendingAt: string | null;
  /** When the next attempt is due, ISO 8601; null for the next run. */
  readonly nextAttemptAt: string | null;
  /** Advice to the operator; null when there is nothing to do. */
  readonly action: string | null;
}

/** Records and sinks to report on. */
export interface SinkReport {
  readonly sinks: Iterable<SinkName>;
  readonly records: readonly Checkpoint[];
  /** States of the run that reports; they replace the stored ones. @default none */
  readonly live?: ReadonlyMap<SinkName, BreakerState | null>;
  readonly nowMs: number;
}

const severity = { retrying: 1, failing: 2, blocked: 3 } as const satisfies Record<
  BreakerState["kind"],
  number
>;

/** Status of each sink over the records of all streams. */
export function sinkStatuses({ sinks, records, live, nowMs }: SinkReport): ReadonlyMap<SinkName, SinkStatus> {
  const counts = records.map(pendingCounts);
  const oldest = records.map(oldestPendingBySink);
  return new Map(
    Array.from(sinks, (sink) => {
      const stored = records.flatMap(({ breakers }) => breakers.get(sink) ?? []);
      const pending = counts.reduce((sum, each) => sum + (each.get(sink) ?? 0), 0);
      const oldestMs = least(oldest.flatMap((each) => each.get(sink) ?? []));
      const state = overall([...stored, ...(live?.get(sink) ? [live.get(sink) as BreakerState] : [])]);
      return [
        sink,
        sinkStatus(sink, state, { pending, oldestMs, dueMs: dueMs(sink, state, records), nowMs }),
      ];
    }),
  );
}

/** Pending deliveries of a sink. Instants are epoch milliseconds. */
export interface SinkBacklog {
  readonly pending: number;
  /** Commit time of the oldest; null when none is pending. */
  readonly oldestMs: number | null;
  /** When the next attempt is due; null for the next run. */
  readonly dueMs: number | null;
  readonly nowMs: number;
}

/** Status of one sink from the state of its breaker, null while it is healthy, and what waits for it. */
export function sinkStatus(
  sink: SinkName,
  state: BreakerState | null,
  { pending, oldestMs, dueMs, nowMs }: SinkBacklog,
): SinkStatus {
  return {
    state: state?.kind ?? "healthy",
    since: iso(state?.sinceMs ?? null),
    reason: state?.reason ?? null,
    httpStatus: state?.httpStatus ?? null,
    message: state?.message ?? null,
    pending,
    oldestPendingAt: iso(oldestMs),
    nextAttemptAt: dueMs !== null && dueMs > nowMs ? iso(dueMs) : null,
    action: state && sinkAction(sink, state),
  };
}

/** Status of each sink that the configuration lacks and records still owe deliveries, until the next run gives them up. */
export function removedSinks({ sinks, ...report }: SinkReport): ReadonlyMap<SinkName, SinkStatus> {
  const configured = new Set(sinks);
  const owed = new Set(report.records.flatMap((record) => [...pendingCounts(record).keys()]));
  const statuses = sinkStatuses({ ...report, sinks: [...owed].filter((sink) => !configured.has(sink)) });
  return new Map(
    Array.from(statuses, ([sink, { pending, oldestPendingAt }]) => [
      sink,
      removedSink(sink, { pending, oldestPendingAt }),
    ]),
  );
}

const owedNothing = { pending: 0, oldestPendingAt: null };

/** Status of a sink that is no longer configured: its deliveries are dead letters, or become some in the next run. */
export const removedSink = (
  sink: SinkName,
  owed: Pick<SinkStatus, "pending" | "oldestPendingAt"> = owedNothing,
): SinkStatus => ({
  state: "removed",
  since: null,
  reason: null,
  httpStatus: null,
  message: "the sink is not configured any more",
  ...owed,
  nextAttemptAt: null,
  action:
    owed.pending > 0
      ? `configure a sink named ${sink} again before the next run, which makes its deliveries dead letters`
      : `configure a sink named ${sink} again and redrive its dead letters, or purge them: dms-task-bridge dead-letters list --sink ${sink}`,
});

/** The worst state, since when the first of them began; null when there is none. */
function overall(states: readonly BreakerState[]): BreakerState | null {
  const [first, ...others] = states;
  if (!first) return null;
  const worst = others.reduce((a, b) => (severity[b.kind] >= severity[a.kind] ? b : a), first);
  return {
    ...worst,
    sinceMs: Math.min(...states.map(({ sinceMs }) => sinceMs)),
    notBeforeMs: Math.max(...states.map(({ notBeforeMs }) => notBeforeMs)),
  };
}

/** When the sink is tried next, epoch milliseconds; null when nothing waits. A probe waits only as long as the sink asked. */
function dueMs(sink: SinkName, state: BreakerState | null, records: readonly Checkpoint[]): number | null {
  if (state && state.kind !== "retrying") return state.notBeforeMs;
  return least(
    records.flatMap(({ outbox }) => outbox.flatMap(({ pending }) => pending.get(sink)?.nextAttemptMs ?? [])),
  );
}

/** A loop, since a record may hold thousands. */
const least = (numbers: readonly number[]): number | null =>
  numbers.reduce<number | null>((a, b) => (a === null || b < a ? b : a), null);

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
