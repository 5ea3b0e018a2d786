import { eachOf } from "../async/each.ts";
import type { CallOptions } from "../core/clock.ts";
import { type PartError, SourceError } from "../core/errors.ts";
import type { SinkName } from "../core/names.ts";
import type { Channel } from "../delivery/channel.ts";
import { type Milestones, runStream } from "./run-stream.ts";
import type { RunContext, StreamOutcome, StreamPlan } from "./stream-run.ts";

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
  /** Deliveries still owed that have been tried. */
  readonly retrying: number;
  /** All deliveries still owed, the retrying ones included. */
  readonly pending: number;
  /** Why the sink waits for its operator; null when it does not. */
  readonly blocked: string | null;
}

/** Streams that are read at once. Others may begin while these wait for their sinks. */
const readingAtOnce = 16;
/** Events that streams under way may owe when another begins: it bounds what is in memory. */
const maxOwed = 2_000;

/** A stream that could not even be planned, such as the instances of a source that does not answer. */
export interface Unplanned {
  readonly key: string;
  readonly error: PartError;
}

/**
 * One run over many streams, so many at once. Never rejects for a stream or a sink that fails: the summary says so.
 * `proven` holds the sources that have answered: a new one is tried with one stream first, since a few refused
 * signatures side by side lock the access key.
 */
export async function runStreams(
  plans: readonly StreamPlan[],
  unplanned: readonly Unplanned[],
  proven: Set<StreamPlan["source"]>,
  context: RunContext,
  options: CallOptions,
): Promise<RunSummary> {
  const startedMs = context.clock.now();
  const outcomes = new Map<StreamPlan, StreamOutcome>();
  const underWay = new Set<Promise<void>>();
  let owedByAll = 0;

  /** Resolves at the milestone, or when the stream has ended before it. */
  const begin = (plan: StreamPlan): { listed: Promise<void>; committed: Promise<void> } => {
    const listed = Promise.withResolvers<void>();
    const committed = Promise.withResolvers<void>();
    let owedByThis = 0;
    const milestones: Milestones = {
      listed: listed.resolve,
      committed: (owed) => {
        owedByAll += owed - owedByThis;
        owedByThis = owed;
        committed.resolve();
      },
    };
    const run = runStream(plan, context, options, milestones)
      .then((outcome) => {
        if (outcome.snapshot) proven.add(plan.source);
        outcomes.set(plan, outcome);
      })
      .finally(() => {
        underWay.delete(run);
        owedByAll -= owedByThis;
        listed.resolve();
        committed.resolve();
      });
    underWay.add(run);
    return { listed: listed.promise, committed: committed.promise };
  };

  const dispatchers = [...context.dispatchers.values()];
  for (const dispatcher of dispatchers) dispatcher.hold();
  const scouts = scoutsOf(plans, proven);
  const scouting = Array.from(scouts, begin);
  await Promise.all(scouting.map(({ listed }) => listed));
  await eachOf(
    plans.filter((plan) => !scouts.has(plan)),
    readingAtOnce,
    async (plan) => {
      while (underWay.size >= readingAtOnce && owedByAll >= maxOwed) await Promise.race(underWay);
      await begin(plan).committed;
    },
  );
  await Promise.all(scouting.map(({ committed }) => committed));
  for (const dispatcher of dispatchers) dispatcher.release();
  await Promise.all(underWay);
  return {
    runId: context.run,
    startedAt: new Date(startedMs).toISOString(),
    durationMs: context.clock.now() - startedMs,
    streams: [
      ...plans.map((plan) => streamSummary(plan, outcomes.get(plan))),
      ...unplanned.map(({ key, error }) => ({
        key,
        tasks: 0,
        changes: 0,
        beginTime: null,
        error: errorSummary(error),
      })),
    ],
    sinks: Object.fromEntries(
      Array.from(context.dispatchers, ([name, { channel }]) => [
        name,
        sinkSummary(name, channel, [...outcomes.values()]),
      ]),
    ),
  };
}

/** The first stream of each source that has not answered yet. */
function scoutsOf(
  plans: readonly StreamPlan[],
  proven: ReadonlySet<StreamPlan["source"]>,
): ReadonlySet<StreamPlan> {
  const met = new Set(proven);
  const scouts = new Set<StreamPlan>();
  for (const plan of plans) {
    if (!met.has(plan.source)) scouts.add(plan);
    met.add(plan.source);
  }
  return scouts;
}

function streamSummary(plan: StreamPlan, outcome: StreamOutcome | undefined): StreamSummary {
  const beginMs = outcome?.snapshot?.beginMs ?? 0;
  return {
    key: plan.rules.stream,
    tasks: outcome?.snapshot?.count ?? 0,
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

function sinkSummary(name: SinkName, channel: Channel, outcomes: readonly StreamOutcome[]): SinkSummary {
  const sum = (of: (outcome: StreamOutcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const owed = outcomes.flatMap(
    ({ checkpoint }) => checkpoint?.outbox.flatMap((entry) => entry.owed.get(name) ?? []) ?? [],
  );
  return {
    accepted: sum(({ accepted }) => accepted.get(name) ?? 0),
    filtered: sum(({ filtered }) => filtered.get(name) ?? 0),
    deadLettered: sum(({ deadLettered }) => deadLettered.get(name) ?? 0),
    retrying: owed.filter(({ attempts }) => attempts > 0).length,
    pending: owed.length,
    blocked: channel.trouble?.kind === "blocked" ? channel.trouble.reason : null,
  };
}
