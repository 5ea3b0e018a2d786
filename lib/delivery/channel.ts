import type { SinkTrouble } from "../checkpoint/checkpoint.ts";
import type { Clock } from "../core/clock.ts";
import type { DeliveryResult, FailureReason } from "../core/result.ts";
import type { Sink } from "../sinks/sink.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { RetryPolicy } from "./retry.ts";
import { askedDelayMs } from "./retry.ts";

const failuresToClose = 3;

export interface ChannelOptions {
  readonly sink: Sink;
  readonly policy: RetryPolicy;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Shared by the runs of a process; null where the sink has none. */
  readonly rate: RateLimit | null;
  readonly clock: Clock;
}

/**
 * The way to one sink, shared by all streams of a run: how many requests are under way, how fast they go, and whether
 * the sink is well. After three failures in a row, or one that an operator must mend, it is closed for the rest of the
 * run; a run that finds it failing sends one probe first, so that a dead sink costs one time-out and not hundreds.
 */
export class Channel {
  readonly sink: Sink;
  readonly policy: RetryPolicy;
  readonly rate: RateLimit | null;
  readonly #clock: Clock;
  readonly #concurrency: number;
  #state: "open" | "doubtful" | "closed" = "open";
  #underWay = 0;
  #failuresInARow = 0;
  /** The sink has answered well in this run, which counts for more than what an earlier one stored. */
  #isProven = false;
  #trouble: SinkTrouble | null = null;
  #problem: string | null = null;
  #pausedUntilMs = 0;

  constructor(options: ChannelOptions) {
    this.sink = options.sink;
    this.policy = options.policy;
    this.#clock = options.clock;
    this.#concurrency = options.concurrency;
    this.rate = options.rate;
  }

  /** Takes note of what an earlier run stored about the sink. */
  recall(trouble: SinkTrouble): void {
    if (this.#isProven || this.#trouble !== null) return;
    this.#state = "doubtful";
    this.#trouble = trouble;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, trouble.notBeforeMs);
  }

  /** `doubtful`: the next delivery is a probe. `closed`: nothing more in this run. */
  get state(): "open" | "doubtful" | "closed" {
    return this.#state;
  }

  /** What to store about the sink; null when it is well. */
  get trouble(): SinkTrouble | null {
    return this.#trouble;
  }

  /** What the last delivery that did not pass in this run was told, as an operator may see it; null when all passed. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Whether one more delivery may be under way. */
  get hasPlace(): boolean {
    return this.#underWay < (this.#state === "doubtful" ? 1 : this.#concurrency);
  }

  /** When the next delivery may begin, which may be at once; infinite when none may in this run. */
  opensAtMs(nowMs: number): number {
    if (this.#state === "closed") return Number.POSITIVE_INFINITY;
    return Math.max(this.#pausedUntilMs, this.rate?.opensAtMs(nowMs) ?? nowMs);
  }

  /** Takes a place for so many events, which count against the rate; a digest counts as the one message it is. */
  begin(events: number): void {
    this.#underWay += 1;
    const { digestAbove = Number.POSITIVE_INFINITY } = this.sink.batch;
    this.rate?.take(events > digestAbove ? 1 : events, this.#clock.now());
  }

  /**
   * Frees the place and learns from the answers of one attempt. None: the run cut it off, which says nothing of the
   * sink. A batch that fails as a whole is one failure.
   */
  end(results: readonly DeliveryResult[]): void {
    this.#underWay -= 1;
    const hasPassed = results.some(isAnswer);
    if (hasPassed) {
      this.#failuresInARow = 0;
      this.#isProven = true;
      if (this.#state !== "closed") {
        this.#state = "open";
        this.#trouble = null;
      }
    } else if (results.length > 0) this.#failuresInARow += 1;
    for (const result of results) this.#learn(result, hasPassed);
  }

  #learn(result: DeliveryResult, hasPassed: boolean): void {
    if (result.kind === "accepted" || result.kind === "permanent") return;
    this.#problem = result.detail;
    const nowMs = this.#clock.now();
    const pauseMs = askedDelayMs(result, this.policy);
    if (pauseMs !== null) this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + pauseMs);
    const isDown = !hasPassed && (this.#state === "doubtful" || this.#failuresInARow >= failuresToClose);
    const closes = isDown || result.kind === "blocked";
    if (closes) this.#state = "closed";
    if (closes || pauseMs !== null) this.#trouble = this.#troubleOf(result.kind, result.reason, nowMs);
  }

  #troubleOf(kind: "retry" | "blocked", reason: FailureReason, nowMs: number): SinkTrouble {
    return {
      kind: kind === "blocked" ? "blocked" : "failing",
      reason,
      sinceMs: this.#trouble?.sinceMs ?? nowMs,
      notBeforeMs: this.#pausedUntilMs,
    };
  }
}

/** The sink is well, whatever it said of the event. */
const isAnswer = ({ kind }: DeliveryResult): boolean => kind === "accepted" || kind === "permanent";
