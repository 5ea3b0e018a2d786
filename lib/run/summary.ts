import type { PendingState } from "../checkpoint/checkpoint.ts";
import { oldestPendingBySink, pendingCounts } from "../checkpoint/pending.ts";
import { type PartError, SourceError } from "../core/errors.ts";
import { type SinkName, sinkName } from "../core/names.ts";
import type { CircuitBreaker } from "../delivery/circuit-breaker.ts";
import type { Expired } from "../delivery/dead-letter-age.ts";
import type { RunContext, StreamOutcome, StreamPlan } from "./plan.ts";

/** Result of a run, as `poll --json` prints it. */
export interface RunSummary {
  readonly runId: string;
  /** Start of the run, ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly streams: readonly StreamSummary[];
  readonly sinks: Readonly<Record<string, SinkSummary>>;
}

/** Result of one stream. */
export interface StreamSummary {
  readonly key: string;
  /** Tasks in the snapshot. */
  readonly tasks: number;
  /** Records that are not readable as tasks: they are skipped, and the watermark does not pass them. */
  readonly unreadable: number;
  /** Committed changes. */
  readonly changes: number;
  /** Begin of the snapshot, ISO 8601; null when it had no bound or was not read. */
  readonly beginTime: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** Result of one sink. */
export interface SinkSummary {
  /** Completed deliveries of this run, by result. */
  readonly accepted: number;
  readonly filtered: number;
  readonly deadLettered: number;
  /** Dead letters that expired and were deleted in this run. */
  readonly expired: number;
  /** Pending deliveries that were tried. */
  readonly retrying: number;
  /** Pending deliveries, retried ones included. */
  readonly pending: number;
  /** Commit time of the oldest pending delivery, ISO 8601; null when none is pending. */
  readonly oldestPendingAt: string | null;
  /** Why an operator must fix the sink; null when it is not blocked. */
  readonly blocked: string | null;
  /**
   * Why deliveries are pending: the sink's message of this run, or the reason of an earlier run; null when nothing
   * holds them up.
   */
  readonly problem: string | null;
}

/** A source whose streams could not be planned, for example because its instances could not be listed. */
export interface FailedSource {
  readonly key: string;
  readonly error: PartError;
}

/** Adds the expired dead letters to a summary. */
export const withExpired = (summary: RunSummary, expired: Expired): RunSummary =>
  expired.size === 0
    ? summary
    : {
        ...summary,
        sinks: Object.fromEntries(
          Object.entries(summary.sinks).map(([name, sink]) => [
            name,
            { ...sink, expired: expired.get(sinkName(name)) ?? 0 },
          ]),
        ),
      };

/** Builds the summary of a run from its streams' results. */
export function summaryOf(
  outcomes: ReadonlyMap<StreamPlan, StreamOutcome | null>,
  failedSources: readonly FailedSource[],
  startedMs: number,
  context: RunContext,
): RunSummary {
  const ended = [...outcomes.values()].filter((outcome) => outcome !== null);
  return {
    runId: context.run,
    startedAt: new Date(startedMs).toISOString(),
    durationMs: context.clock.now() - startedMs,
    streams: [
      ...[...outcomes].filter(isServed).map(([plan, outcome]) => streamSummary(plan, outcome)),
      ...failedSources.map(({ key, error }) => ({
        key,
        tasks: 0,
        unreadable: 0,
        changes: 0,
        beginTime: null,
        error: errorSummary(error),
      })),
    ],
    sinks: Object.fromEntries(
      Array.from(context.dispatchers, ([name, { breaker }]) => [name, sinkSummary(name, breaker, ended)]),
    ),
  };
}

/**
 * Whether the stream has a result to report. One with only pending deliveries may have lost its record since it was
 * planned.
 */
const isServed = ([{ source }, outcome]: readonly [StreamPlan, StreamOutcome | null]): boolean =>
  source !== null || outcome === null || outcome.checkpoint !== null || outcome.error !== null;

function streamSummary(plan: StreamPlan, outcome: StreamOutcome | null): StreamSummary {
  const beginMs = outcome?.snapshot?.beginMs ?? 0;
  return {
    key: plan.rules.stream,
    tasks: outcome?.snapshot?.count ?? 0,
    unreadable: outcome?.snapshot?.unreadable ?? 0,
    changes: outcome?.changes ?? 0,
    beginTime: beginMs > 0 ? new Date(beginMs).toISOString() : null,
    error: outcome?.error ? errorSummary(outcome.error) : null,
  };
}

/** For a stream that could not be read, the source's reason is the more specific code. */
const errorSummary = (error: PartError): NonNullable<StreamSummary["error"]> => ({
  code: error instanceof SourceError ? error.reason : error.code,
  message: error.message,
});

function sinkSummary(
  name: SinkName,
  breaker: CircuitBreaker,
  outcomes: readonly StreamOutcome[],
): SinkSummary {
  const sum = (of: (outcome: StreamOutcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const inOutbox = ({ checkpoint }: StreamOutcome): readonly PendingState[] =>
    checkpoint?.outbox.flatMap(({ pending }) => pending.get(name) ?? []) ?? [];
  const retrying = sum((outcome) => inOutbox(outcome).filter(({ attempts }) => attempts > 0).length);
  const oldestMs = outcomes.flatMap(
    ({ checkpoint }) => (checkpoint && oldestPendingBySink(checkpoint).get(name)) ?? [],
  );
  const { failure } = breaker;
  return {
    accepted: sum(({ accepted }) => accepted.get(name) ?? 0),
    filtered: sum(({ filtered }) => filtered.get(name) ?? 0),
    deadLettered: sum(({ deadLettered }) => deadLettered.get(name) ?? 0),
    expired: 0,
    retrying,
    pending: sum(({ checkpoint }) => (checkpoint && pendingCounts(checkpoint).get(name)) ?? 0),
    oldestPendingAt: oldestMs.length > 0 ? new Date(Math.min(...oldestMs)).toISOString() : null,
    blocked: failure?.kind === "blocked" ? failure.reason : null,
    problem: retrying > 0 || failure ? (breaker.problem ?? failure?.reason ?? null) : null,
  };
}
