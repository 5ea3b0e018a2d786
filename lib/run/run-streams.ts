import { within } from "../async/within.ts";
import { type CallOptions, isWithin } from "../core/clock.ts";
import type { StreamKey } from "../core/names.ts";
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

/** Names the streams of a run: calls `begin` as they become known, as often as needed, and awaits it. */
export type StreamFeed = (begin: (planned: Planned) => Promise<void>) => Promise<void>;

/** Names these streams at once. */
export const inOneGo =
  (plans: readonly StreamPlan[]): StreamFeed =>
  (begin) =>
    begin({ plans, failedSources: [] });

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
 * Runs many streams with limited concurrency, each as soon as `feed` names it, and once. Never rejects for a failing
 * stream or sink: the summary reports it.
 */
export async function runStreams(
  feed: StreamFeed,
  context: RunContext,
  options: RunOptions,
): Promise<RunSummary> {
  const startedMs = context.clock.now();
  const follow = options.followForMs === undefined ? null : followTime(options.followForMs, context);
  const streams = new StreamsUnderWay(context, options, follow);
  const failedSources: FailedSource[] = [];
  const dispatchers = [...context.dispatchers.values()];
  for (const dispatcher of dispatchers) dispatcher.hold();
  await feed((planned) => {
    failedSources.push(...planned.failedSources);
    return streams.begin(planned.plans);
  });
  await streams.allCommitted();
  for (const dispatcher of dispatchers) dispatcher.release();
  await streams.drained(options.nextMs);
  follow?.end();
  return summaryOf(streams.outcomes, failedSources, startedMs, context);
}

/** The time for following, which ends by a timer too: a clock that is put back must not prolong the run. */
function followTime(forMs: number, { clock }: RunContext): FollowTime & { readonly end: () => void } {
  const over = new AbortController();
  const end = (): void => over.abort(null);
  void clock.sleep(forMs, over.signal).then(end);
  return { untilMs: clock.now() + forMs, over: over.signal, end };
}

/** Streams of one run that have started. */
class StreamsUnderWay {
  /** In starting order; null until the stream ends. */
  readonly outcomes = new Map<StreamPlan, StreamOutcome | null>();
  readonly #context: RunContext;
  readonly #options: CallOptions;
  readonly #follow: FollowTime | null;
  readonly #begun = new Set<StreamKey>();
  /** Streams being read whose source responds, and when it last did, epoch milliseconds; the longest silent first. */
  readonly #reading = new Map<StreamPlan, number>();
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

  /** Starts each stream as soon as there is room, unless it has started already. */
  async begin(plans: readonly StreamPlan[]): Promise<void> {
    for (const plan of plans) {
      const { stream } = plan.rules;
      if (this.#begun.has(stream)) continue;
      this.#begun.add(stream);
      while (this.#isFull || this.#isCrowded) await (this.#isFull ? this.#oneLess() : this.#makeRoom());
      this.#start(plan);
    }
  }

  async allCommitted(): Promise<void> {
    while (this.#committing.size > 0) await this.#changed.promise;
  }

  /** Waits for all streams. From `untilMs` on, each stream that has used its delivery time must stop. */
  async drained(untilMs?: number): Promise<void> {
    let isOver = false;
    const ended =
      untilMs === undefined
        ? null
        : this.#at(untilMs, () => {
            isOver = true;
            this.#ring();
          });
    while (this.#underWay.size > 0) {
      if (isOver && this.#draining.size > 0) await this.#makeRoom();
      else await this.#changed.promise;
    }
    ended?.abort(null);
  }

  /** Calls `work` at an instant, epoch milliseconds, or when the returned controller aborts. */
  #at(ms: number, work: () => void): AbortController {
    const { clock } = this.#context;
    const ended = new AbortController();
    void clock.sleep(ms - clock.now(), ended.signal).then(work);
    return ended;
  }

  get #isFull(): boolean {
    return this.#reading.size >= readingAtOnce || this.#committing.size >= uncommittedAtMost;
  }

  get #isCrowded(): boolean {
    return this.#draining.values().reduce((sum, { bytes }) => sum + bytes, 0) >= maxDrainingBytes;
  }

  /** Waits until something changes, or the source that is silent longest counts as stalled. */
  async #oneLess(): Promise<void> {
    const [silent] = this.#reading;
    if (!silent) return this.#changed.promise;
    const [plan, sinceMs] = silent;
    const nowMs = this.#context.clock.now();
    if (!isWithin(stalledAfterMs, sinceMs, nowMs)) this.#reading.delete(plan);
    else await within(this.#changed.promise, sinceMs + stalledAfterMs - nowMs, this.#context.clock);
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
    await within(this.#changed.promise, leftMs, clock);
  }

  #start(plan: StreamPlan): void {
    let isDraining = false;
    const { stream, context } = plan.rules;
    const milestones: Milestones = {
      listed: (page) => {
        if (this.#reading.delete(plan)) this.#reading.set(plan, this.#context.clock.now());
        this.#context.observer.listed?.(stream, context.instanceName, page);
      },
      committed: () => this.#leave(plan, this.#reading, this.#committing),
      draining: (drain) => {
        const sinceMs = this.#draining.get(plan)?.sinceMs ?? this.#context.clock.now();
        if (!isDraining || this.#draining.has(plan)) this.#draining.set(plan, { ...drain, sinceMs });
        isDraining = true;
      },
    };
    this.outcomes.set(plan, null);
    this.#reading.set(plan, this.#context.clock.now());
    for (const group of [this.#committing, this.#underWay]) group.add(plan);
    const running = runStream(plan, this.#context, this.#options, milestones, this.#follow);
    void running.then((outcome) => {
      this.outcomes.set(plan, outcome);
      this.#draining.delete(plan);
      this.#leave(plan, this.#reading, this.#committing, this.#underWay);
    });
  }

  #leave(plan: StreamPlan, ...groups: readonly { delete(plan: StreamPlan): boolean }[]): void {
    for (const group of groups) group.delete(plan);
    this.#ring();
  }

  #ring(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
