import { Watchdog } from "../async/watchdog.ts";
import type { CallOptions } from "../core/clock.ts";
import type { StreamKey } from "../core/names.ts";
import type { Page, TaskSource } from "../source/task-source.ts";
import type { FollowTime, RunContext, StreamOutcome, StreamPlan } from "./plan.ts";
import { type Drain, type Milestones, runStream } from "./run-stream.ts";
import { type FailedSource, type RunSummary, summaryOf } from "./summary.ts";

/** Maximum streams read concurrently. Others may start while these wait for their sinks. */
const readingAtOnce = 16;
/** A stream whose source returned no page for this time, milliseconds, no longer counts as reading. */
const stalledAfterMs = 2_000;
/** Maximum streams that have not committed yet, stalled ones included. */
const uncommittedAtMost = 256;
/** Maximum memory of streams that only deliver. Beyond it the oldest stop, so that others can be read. */
const maxDrainingBytes = 32 * 1_048_576;
/** Milliseconds that each stream may deliver before it may have to stop; longer than a digest waits. */
const drainsForMs = 6_000;

/** Streams to run, as far as known, and sources that failed. */
export interface Planned {
  readonly plans: readonly StreamPlan[];
  readonly failedSources: readonly FailedSource[];
}

/** Options of a run. */
export interface RunOptions extends CallOptions {
  /**
   * When the next run is due, epoch milliseconds. From then on streams start no more attempts, but each has six seconds
   * to deliver; the rest is left to the next run.
   * @default none: the run lasts while there is something to send and time
   */
  readonly nextMs?: number;
  /**
   * How long streams with open tasks are followed, milliseconds from the start of the run: each is read again when a
   * task may have changed, at times that its plan's rules decide.
   * @default none: each stream is read once
   */
  readonly followForMs?: number;
}

/**
 * Runs many streams with limited concurrency. `feeds` yield streams as they become known; each stream runs once. Never
 * rejects for a failing stream or sink: the summary reports it.
 */
export async function runStreams(
  feeds: readonly AsyncIterable<Planned>[],
  context: RunContext,
  options: RunOptions,
): Promise<RunSummary> {
  const startedMs = context.clock.now();
  const over = new AbortController();
  const follow = options.followForMs === undefined ? null : followTime(options.followForMs, context, over);
  const streams = new StreamsUnderWay(context, options, follow);
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
  over.abort(null);
  return summaryOf(streams.outcomes, failedSources, startedMs, context);
}

/** The time for following, which ends by a timer too: a clock that is put back must not prolong the run. */
function followTime(forMs: number, { clock }: RunContext, over: AbortController): FollowTime {
  void clock.sleep(forMs, over.signal).then(() => over.abort(null));
  return { untilMs: clock.now() + forMs, over: over.signal };
}

/** Streams of one run that have started. */
class StreamsUnderWay {
  /** In starting order; null until the stream ends. */
  readonly outcomes = new Map<StreamPlan, StreamOutcome | null>();
  readonly #context: RunContext;
  readonly #options: CallOptions;
  readonly #follow: FollowTime | null;
  readonly #begun = new Set<StreamKey>();
  /** Streams being read whose source responds. */
  readonly #reading = new Set<StreamPlan>();
  /** Streams that have not committed the changes they read. */
  readonly #committing = new Set<StreamPlan>();
  readonly #underWay = new Set<StreamPlan>();
  /** Streams that only deliver and were not asked to stop, oldest first. */
  readonly #draining = new Map<StreamPlan, Drain & { readonly sinceMs: number }>();
  #changed = Promise.withResolvers<void>();

  constructor(context: RunContext, options: CallOptions, follow: FollowTime | null) {
    this.#context = context;
    this.#options = options;
    this.#follow = follow;
  }

  /** Starts a stream as soon as there is room, unless it has started already. */
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

  /** Waits for all streams. From `untilMs` on, each stream that has used its delivery time must stop. */
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

  /** Asks the stream that delivers longest to stop, or waits until it has used its time or something changes. */
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
    const { stream, context } = plan.rules;
    const source =
      plan.source &&
      noticing(plan.source, (page) => {
        watchdog.reset();
        this.#context.observer.listed?.(stream, context.instanceName, page);
      });
    const running = runStream({ ...plan, source }, this.#context, this.#options, milestones, this.#follow);
    void running.then((outcome) => {
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

/** Wraps a source and calls `answered` with each page of a listing. */
const noticing = (source: TaskSource, answered: (page: Page) => void): TaskSource => ({
  ...source,
  async *list(...call) {
    for await (const page of source.list(...call)) {
      answered(page);
      yield page;
    }
  },
});
