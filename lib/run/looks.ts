import { followAll } from "../async/deadline.ts";
import { nextLookMs } from "../change/next-look.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { CallOptions, Clock, Random } from "../core/clock.ts";
import { SourceError } from "../core/errors.ts";
import type { StreamKey } from "../core/names.ts";
import type { LookBudget } from "../source/look-budget.ts";
import type { TaskSource } from "../source/task-source.ts";
import type { FollowRules, FollowTime } from "./plan.ts";
import type { Snapshot } from "./snapshot.ts";

/** Looks are up to this share earlier than due, so that streams spread. */
const jitter = 0.2;
/** Doublings of the time between looks after failures. */
const mostDoublings = 5;

/** A stream that is followed in this run. */
export interface Following extends FollowRules, FollowTime {
  readonly stream: StreamKey;
  readonly source: TaskSource;
}

/** Parts that looking at one stream needs. */
export interface LookParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Null for a stream that is not followed in this run. */
  readonly follow: Following | null;
  readonly record: () => Checkpoint;
  /** API clock minus local clock, milliseconds. */
  readonly skewMs: () => number;
  /** @throws SourceError */
  readonly read: (source: TaskSource, options: CallOptions) => Promise<Snapshot>;
}

/** The looks at one stream within a run: it is read again while a task is open. Deliveries go on meanwhile. */
export class Looks {
  readonly #parts: LookParts;
  /** Ends the looks under way; null before the first, which most streams never have. */
  #looking: AbortController | null = null;
  #isStopped = false;
  #failures = 0;
  #underWay: Promise<void> | null = null;
  #found: { readonly snapshot: Snapshot } | { readonly error: unknown } | null = null;

  constructor(parts: LookParts) {
    this.#parts = parts;
  }

  /** Ends the looks of this run. */
  stop(): void {
    this.#isStopped = true;
    this.#looking?.abort(null);
    this.#release();
  }

  /** Waits for the next look and makes it. Null when this run makes none, or the last one is not taken. Never rejects. */
  next(options: CallOptions): Promise<void> | null {
    if (this.#underWay) return this.#underWay;
    const { follow } = this.#parts;
    if (!follow || this.#found !== null || follow.over.aborted || this.#isStopped || options.signal.aborted)
      return null;
    const dueMs = this.#dueMs(follow.everyMs);
    if (dueMs === null || dueMs >= follow.untilMs) {
      this.#release();
      return null;
    }
    const looking = this.#claim(follow);
    if (!looking) return null;
    const { signal, unfollow } = followAll([options.signal, looking]);
    this.#underWay = this.#look(dueMs, follow, { signal }).finally(() => {
      unfollow();
      this.#underWay = null;
    });
    return this.#underWay;
  }

  /** Returns a signal for the looks, or null when another run of the process follows the stream. */
  #claim({ stream, followed, over }: Following): AbortSignal | null {
    const holder = followed.get(stream);
    if (holder && holder !== this.#looking?.signal && !holder.aborted) return null;
    if (!this.#looking) {
      this.#looking = new AbortController();
      over.addEventListener("abort", () => this.stop(), { once: true });
    }
    followed.set(stream, this.#looking.signal);
    return this.#looking.signal;
  }

  #release(): void {
    const { follow } = this.#parts;
    const holder = follow?.followed.get(follow.stream);
    if (follow && holder && holder === this.#looking?.signal) follow.followed.delete(follow.stream);
  }

  /** Whether a look has brought something that was not taken. */
  get hasFound(): boolean {
    return this.#found !== null;
  }

  /** The snapshot of the last look, once; null when it brought none. @throws what the look threw, unless the API failed */
  take(): Snapshot | null {
    const found = this.#found;
    this.#found = null;
    if (found && "error" in found) throw found.error;
    return found?.snapshot ?? null;
  }

  #dueMs(everyMs: number): number | null {
    const { clock, random, record, skewMs } = this.#parts;
    const { known, durations } = record();
    const nowMs = clock.now();
    const apiMs = nowMs + skewMs();
    const lookMs = nextLookMs({ known: known.values(), durations, nowMs: apiMs, everyMs });
    if (lookMs === null) return null;
    const waitMs = lookMs - apiMs - everyMs * jitter * random();
    const backoffMs = this.#failures > 0 ? everyMs * 2 ** Math.min(this.#failures, mostDoublings) : 0;
    return nowMs + Math.max(waitMs, backoffMs);
  }

  async #look(dueMs: number, follow: Following, options: CallOptions): Promise<void> {
    const { clock } = this.#parts;
    const { source, budget, untilMs } = follow;
    const { signal } = options;
    await clock.sleep(dueMs - clock.now(), signal);
    const atMs = signal.aborted ? null : budget.take(untilMs);
    if (atMs === null) return this.stop();
    await clock.sleep(atMs - clock.now(), signal);
    if (signal.aborted) return;
    try {
      this.#found = { snapshot: await this.#parts.read(charging(source, budget), options) };
      budget.answered();
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof SourceError)) {
        this.#found = { error };
        return;
      }
      this.#failures += 1;
      if (error.reason === "throttled") budget.throttled(error.retryAfterMs);
    }
  }
}

/** Wraps a source and charges each request of a look but the first. */
const charging = (source: TaskSource, budget: LookBudget): TaskSource => ({
  ...source,
  async *list(...call) {
    let isFirst = true;
    for await (const page of source.list(...call)) {
      if (!isFirst) budget.charge();
      isFirst = false;
      yield page;
    }
  },
  get(...call) {
    budget.charge();
    return source.get(...call);
  },
});
