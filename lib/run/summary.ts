import type { PendingState } from "../checkpoint/checkpoint.ts";
import { oldestOwedBySink, owedCounts } from "../checkpoint/pending.ts";
import { type PartError, SourceError } from "../core/errors.ts";
import { type SinkName, sinkName } from "../core/names.ts";
import type { CircuitBreaker } from "../delivery/circuit-breaker.ts";
import type { Expired } from "../delivery/dead-letter-age.ts";
import type { RunContext, StreamOutcome, StreamPlan } from "./plan.ts";

/** What one run did, as `poll --json` prints it. */
export interface RunSummary {
  readonly runId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly streams: readonly StreamSummary[];
  readonly sinks: Readonly<Record<string, SinkSummary>>;
}

export interface StreamSummary {
  readonly key: string;
  /** Tasks the snapshot held. */
  readonly tasks: number;
  /** Records that could not be read as a task: they are passed over, and the window waits before them. */
  readonly unreadable: number;
  /** Changes committed. */
  readonly changes: number;
  /** Where the snapshot began, ISO 8601; null when it had no bound or was not read. */
  readonly beginTime: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface SinkSummary {
  /** Deliveries settled in this run, by how. */
  readonly accepted: number;
  readonly filtered: number;
  readonly deadLettered: number;
  /** Dead letters that were deleted in this run, since they had reached their age. */
  readonly expired: number;
  /** Deliveries still owed that have been tried. */
  readonly retrying: number;
  /** All deliveries still owed, the retrying ones included. */
  readonly pending: number;
  /** When the oldest delivery still owed was committed, ISO 8601; null when none is. */
  readonly oldestPendingAt: string | null;
  /** Why the sink waits for its operator; null when it does not. */
  readonly blocked: string | null;
  /** What keeps deliveries waiting, in the sink's words of this run, else a reason of an earlier one; null when nothing does. */
  readonly problem: string | null;
}

/** A stream that could not even be planned, such as the instances of a source that does not answer. */
export interface FailedSource {
  readonly key: string;
  readonly error: PartError;
}

/** The summary with the dead letters that went in this run. */
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

/** What the streams of a run came to, in numbers. */
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

/** A stream that was only owed its deliveries may have lost its record since it was planned. */
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

/** The source's reason is the more telling code for a stream that could not be read. */
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
    ({ checkpoint }) => (checkpoint && oldestOwedBySink(checkpoint).get(name)) ?? [],
  );
  const { failure } = breaker;
  return {
    accepted: sum(({ accepted }) => accepted.get(name) ?? 0),
    filtered: sum(({ filtered }) => filtered.get(name) ?? 0),
    deadLettered: sum(({ deadLettered }) => deadLettered.get(name) ?? 0),
    expired: 0,
    retrying,
    pending: sum(({ checkpoint }) => (checkpoint && owedCounts(checkpoint).get(name)) ?? 0),
    oldestPendingAt: oldestMs.length > 0 ? new Date(Math.min(...oldestMs)).toISOString() : null,
    blocked: failure?.kind === "blocked" ? failure.reason : null,
    problem: retrying > 0 || failure ? (breaker.problem ?? failure?.reason ?? null) : null,
  };
}
