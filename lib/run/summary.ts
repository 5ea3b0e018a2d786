import type { JournalError, PartError } from "../core/errors.ts";
import type { SinkName } from "../core/names.ts";
import type { Expired } from "../delivery/dead-letter-age.ts";
import { removedSink, type SinkStatus, sinkStatuses } from "../status/sinks.ts";
import { type StreamStatus, streamStatus } from "../status/streams.ts";
import type { RunContext, StreamOutcome, StreamPlan } from "./plan.ts";

/** Result of a run, as `poll --json` prints it. */
export interface RunSummary {
  readonly runId: string;
  /** Start of the run, ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly streams: readonly StreamSummary[];
  readonly sinks: Readonly<Record<string, SinkSummary>>;
  /** Why the journal lacks entries of this run; null when it lacks none, or is off. */
  readonly journal: { readonly code: string; readonly message: string } | null;
}

/** Result of one stream, with its status at the end of the run. */
export interface StreamSummary extends StreamStatus {
  /** Tasks in the snapshot. */
  readonly tasks: number;
  /** Records that are not readable as tasks: they are skipped, and the watermark does not pass them. */
  readonly unreadable: number;
  /** Committed changes. */
  readonly changes: number;
  /** Begin of the snapshot, ISO 8601; null when it had no bound or was not read. */
  readonly beginTime: string | null;
}

/** Result of one sink, with its status at the end of the run. */
export interface SinkSummary extends SinkStatus {
  /** Completed deliveries of this run, by result. */
  readonly accepted: number;
  readonly filtered: number;
  readonly deadLettered: number;
  /** Dead letters that expired and were deleted in this run. */
  readonly expired: number;
  /** Pending deliveries that were tried. */
  readonly retrying: number;
}

/** A source whose streams could not be planned, for example because its instances could not be listed. */
export interface FailedSource {
  readonly key: string;
  readonly error: PartError;
}

/** Adds what was found after the deliveries: expired dead letters, and entries that the journal lacks. */
export const withAfterwork = (
  summary: RunSummary,
  expired: Expired,
  journal: JournalError | null,
): RunSummary => ({
  ...summary,
  journal: journal && { code: journal.code, message: journal.message },
  sinks: {
    ...summary.sinks,
    ...Object.fromEntries(
      Array.from(expired, ([name, count]) => {
        const sink = summary.sinks[name] ?? sinkSummary(name, removedSink(name), []);
        return [name, { ...sink, expired: count }];
      }),
    ),
  },
});

/** Builds the summary of a run from its streams' results. */
export function summaryOf(
  outcomes: ReadonlyMap<StreamPlan, StreamOutcome | null>,
  failedSources: readonly FailedSource[],
  startedMs: number,
  context: RunContext,
): RunSummary {
  const ended = [...outcomes.values()].filter((outcome) => outcome !== null);
  const statuses = sinkStatuses({
    sinks: context.dispatchers.keys(),
    records: ended.flatMap(({ checkpoint }) => checkpoint ?? []),
    live: new Map(Array.from(context.dispatchers, ([name, { breaker }]) => [name, breaker.failure])),
    nowMs: context.clock.now(),
  });
  const removed = ended
    .flatMap(({ deadLettered }) => [...deadLettered.keys()])
    .filter((name) => !statuses.has(name))
    .map((name) => [name, removedSink(name)] as const);
  return {
    runId: context.run,
    startedAt: new Date(startedMs).toISOString(),
    durationMs: context.clock.now() - startedMs,
    streams: [
      ...[...outcomes].filter(isServed).map(([plan, outcome]) => streamSummary(plan, outcome)),
      ...failedSources.map(({ key, error }) => ({ ...streamStatus(key, null, error), ...unread })),
    ],
    sinks: Object.fromEntries(
      Array.from([...removed, ...statuses], ([name, status]) => [name, sinkSummary(name, status, ended)]),
    ),
    journal: null,
  };
}

const unread = { tasks: 0, unreadable: 0, changes: 0, beginTime: null };

/**
 * Whether the stream has a result to report. One with only pending deliveries may have lost its record since it was
 * planned.
 */
const isServed = ([{ source }, outcome]: readonly [StreamPlan, StreamOutcome | null]): boolean =>
  source !== null || outcome === null || outcome.checkpoint !== null || outcome.error !== null;

function streamSummary({ rules }: StreamPlan, outcome: StreamOutcome | null): StreamSummary {
  if (!outcome) return { ...streamStatus(rules.stream, null), ...unread };
  const { checkpoint, snapshot, changes, error } = outcome;
  const beginMs = snapshot?.beginMs ?? 0;
  return {
    ...streamStatus(rules.stream, checkpoint, error),
    name: rules.context.instanceName ?? checkpoint?.instanceName ?? null,
    tasks: snapshot?.count ?? 0,
    unreadable: snapshot?.unreadable ?? 0,
    changes,
    beginTime: beginMs > 0 ? new Date(beginMs).toISOString() : null,
  };
}

function sinkSummary(name: SinkName, status: SinkStatus, outcomes: readonly StreamOutcome[]): SinkSummary {
  const sum = (of: (outcome: StreamOutcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const tried = ({ checkpoint }: StreamOutcome): number =>
    checkpoint?.outbox.filter(({ pending }) => (pending.get(name)?.attempts ?? 0) > 0).length ?? 0;
  return {
    accepted: sum(({ accepted }) => accepted.get(name) ?? 0),
    filtered: sum(({ filtered }) => filtered.get(name) ?? 0),
    deadLettered: sum(({ deadLettered }) => deadLettered.get(name) ?? 0),
    expired: 0,
    retrying: sum(tried),
    ...status,
  };
}
