import { Watchdog } from "../async/watchdog.ts";
import type { CallOptions } from "../core/clock.ts";
import type { StreamKey } from "../core/names.ts";
import type { TaskSource } from "../source/task-source.ts";
import type { RunContext, StreamOutcome, StreamPlan } from "./plan.ts";
import { type Drain, type Milestones, runStream } from "./run-stream.ts";
import { type FailedSource, type RunSummary, summaryOf } from "./summary.ts";

/** Streams that are read at once. Others may begin while these wait for their sinks. */
const readingAtOnce = 16;
/** A stream whose source has given no page for so long is no longer counted among those: another may begin. */
const stalledAfterMs = 2_000;
/** Streams that have not committed yet, the stalled ones included. */
const uncommittedAtMost = 256;
/** What streams that only deliver may hold in memory. Beyond it those that began first leave, and others are read. */
const maxDrainingBytes = 32 * 1_048_576;
/** Longer than a digest waits: for so long each stream may deliver before it has to leave. */
const drainsForMs = 6_000;

/** Streams to serve, as far as they are known, and what could not be planned. */
export interface Planned {
  readonly plans: readonly StreamPlan[];
  readonly failedSources: readonly FailedSource[];
}

export interface RunOptions extends CallOptions {
  /**
   * When the next run is due: then no more attempts begin, but each stream has six seconds to deliver. What is left is
   * the next run's. Left out: a run lasts while there is something to send and time.
   */
  readonly nextMs?: number;
}

/**
 * One run over many streams, with limited concurrency. `feeds` give the streams as they become known; one that a feed
 * names again is not served again. Never rejects for a stream or a sink that fails: the summary says so.
 */
export async function runStreams(
  feeds: readonly AsyncIterable<Planned>[],
  context: RunContext,
  options: RunOptions,
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
  await streams.drainUntil(options.nextMs ?? Number.POSITIVE_INFINITY);
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
  /** Those that only deliver and were not told to leave, the longest first. */
  readonly #draining = new Map<StreamPlan, Drain & { readonly sinceMs: number }>();
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
    while (this.#isFull || this.#isCrowded) await (this.#isFull ? this.#changed.promise : this.#makeRoom());
    this.#start(plan);
  }

  async allCommitted(): Promise<void> {
    while (this.#committing.size > 0) await this.#changed.promise;
  }

  /** Waits until all have ended. From this instant on each has to leave that has had its time to deliver. */
  async drainUntil(untilMs: number): Promise<void> {
    const { clock } = this.#context;
    const over = new AbortController();
    const isDue = Number.isFinite(untilMs) ? clock.sleep(untilMs - clock.now(), over.signal) : null;
    let isOver = false;
    void isDue?.then(() => {
      isOver = true;
      this.#ring();
    });
    while (this.#underWay.size > 0) {
      if (isOver && this.#draining.size > 0) await this.#makeRoom();
      else await this.#changed.promise;
    }
    over.abort(null);
  }

  get #isFull(): boolean {
    return this.#reading.size >= readingAtOnce || this.#committing.size >= uncommittedAtMost;
  }

  get #isCrowded(): boolean {
    return this.#draining.values().reduce((sum, { bytes }) => sum + bytes, 0) >= maxDrainingBytes;
  }

  /** Has the stream leave that delivers for longest, or waits until it has had its time or something has changed. */
  async #makeRoom(): Promise<void> {
    const { clock } = this.#context;
    const [longest] = this.#draining;
    if (!longest) return;
    const [plan, { sinceMs, leave }] = longest;
    const leftMs = sinceMs + drainsForMs - clock.now();
    if (leftMs <= 0) {
      this.#draining.delete(plan);
      return leave();
    }
    const over = new AbortController();
    await Promise.race([this.#changed.promise, clock.sleep(leftMs, over.signal)]);
    over.abort(null);
  }

  #start(plan: StreamPlan): void {
    let isDraining = false;
    const leave = (...groups: readonly Set<StreamPlan>[]): void => {
      for (const group of groups) group.delete(plan);
      this.#ring();
    };
    const milestones: Milestones = {
      committed: () => leave(this.#reading, this.#committing),
      draining: (drain) => {
        const sinceMs = this.#draining.get(plan)?.sinceMs ?? this.#context.clock.now();
        if (!isDraining || this.#draining.has(plan)) this.#draining.set(plan, { ...drain, sinceMs });
        isDraining = true;
      },
    };
    this.outcomes.set(plan, null);
    for (const group of [this.#reading, this.#committing, this.#underWay]) group.add(plan);
    const watchdog = new Watchdog(this.#context.clock, stalledAfterMs, () => leave(this.#reading));
    const source = plan.source && noticing(plan.source, () => watchdog.reset());
    void runStream({ ...plan, source }, this.#context, this.#options, milestones).then((outcome) => {
      this.outcomes.set(plan, outcome);
      watchdog.stop();
      this.#draining.delete(plan);
      leave(this.#reading, this.#committing, this.#underWay);
    });
  }

  #ring(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
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
