import { Watchdog } from "../async/watchdog.ts";
import type { CallOptions } from "../core/clock.ts";
import type { StreamKey } from "../core/names.ts";
import type { TaskSource } from "../source/task-source.ts";
import type { RunContext, StreamOutcome, StreamPlan } from "./plan.ts";
import { type Milestones, runStream } from "./run-stream.ts";
import { type FailedSource, type RunSummary, summaryOf } from "./summary.ts";

/** Streams that are read at once. Others may begin while these wait for their sinks. */
const readingAtOnce = 16;
/** A stream whose source has given no page for so long is no longer counted among those: another may begin. */
const stalledAfterMs = 2_000;
/** Streams under way at once, the stalled ones included. */
const underWayAtMost = 256;
/** Events that streams under way may owe when another begins: it bounds what is in memory. */
const maxOwed = 2_000;

/** Streams to serve, as far as they are known, and what could not be planned. */
export interface Planned {
  readonly plans: readonly StreamPlan[];
  readonly failedSources: readonly FailedSource[];
}

/**
 * One run over many streams, with limited concurrency. `feeds` give the streams as they become known; one that a feed
 * names again is not served again. Never rejects for a stream or a sink that fails: the summary says so.
 */
export async function runStreams(
  feeds: readonly AsyncIterable<Planned>[],
  context: RunContext,
  options: CallOptions,
): Promise<RunSummary> {
  const startedMs = context.clock.now();
  const streams = new StreamsUnderWay(context, options);
  const failedSources: FailedSource[] = [];
  const dispatchers = [...context.dispatchers.values()];
  for (const dispatcher of dispatchers) dispatcher.hold();
  await Promise.all(
    feeds.map(async (feed) => {
      for await (const planned of feed) {
        failedSources.push(...planned.failedSources);
        for (const plan of planned.plans) await streams.begin(plan);
      }
    }),
  );
  await streams.allCommitted();
  for (const dispatcher of dispatchers) dispatcher.release();
  await streams.allEnded();
  return summaryOf(streams.outcomes, failedSources, startedMs, context);
}

/** The streams of one run that have begun. */
class StreamsUnderWay {
  /** In the order in which they began; null for one that has not ended. */
  readonly outcomes = new Map<StreamPlan, StreamOutcome | null>();
  readonly #context: RunContext;
  readonly #options: CallOptions;
  readonly #begun = new Set<StreamKey>();
  /** Those that are read, and whose source answers. */
  readonly #reading = new Set<StreamPlan>();
  /** Those that have not committed what they were read for. */
  readonly #committing = new Set<StreamPlan>();
  readonly #underWay = new Set<StreamPlan>();
  #pending = 0;
  #changed = Promise.withResolvers<void>();

  constructor(context: RunContext, options: CallOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Begins a stream as soon as there is room, unless it has begun already. */
  async begin(plan: StreamPlan): Promise<void> {
    const { stream } = plan.rules;
    if (this.#begun.has(stream)) return;
    this.#begun.add(stream);
    while (this.#isFull) await this.#changed.promise;
    this.#start(plan);
  }

  async allCommitted(): Promise<void> {
    while (this.#committing.size > 0) await this.#changed.promise;
  }

  async allEnded(): Promise<void> {
    while (this.#underWay.size > 0) await this.#changed.promise;
  }

  get #isFull(): boolean {
    const count = this.#underWay.size;
    if (this.#reading.size >= readingAtOnce || count >= underWayAtMost) return true;
    return count >= readingAtOnce && this.#pending >= maxOwed;
  }

  #start(plan: StreamPlan): void {
    let pending = 0;
    const leave = (...groups: readonly Set<StreamPlan>[]): void => {
      for (const group of groups) group.delete(plan);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    };
    const milestones: Milestones = {
      committed: (now) => {
        this.#pending += now - pending;
        pending = now;
        leave(this.#reading, this.#committing);
      },
    };
    this.outcomes.set(plan, null);
    for (const group of [this.#reading, this.#committing, this.#underWay]) group.add(plan);
    const watchdog = new Watchdog(this.#context.clock, stalledAfterMs, () => leave(this.#reading));
    const source = plan.source && noticing(plan.source, () => watchdog.reset());
    void runStream({ ...plan, source }, this.#context, this.#options, milestones).then((outcome) => {
      this.outcomes.set(plan, outcome);
      watchdog.stop();
      this.#pending -= pending;
      leave(this.#reading, this.#committing, this.#underWay);
    });
  }
}

/** The source, which calls `answered` with each page of a listing. */
const noticing = (source: TaskSource, answered: () => void): TaskSource => ({
  ...source,
  async *list(...call) {
    for await (const page of source.list(...call)) {
      answered();
      yield page;
    }
  },
});
