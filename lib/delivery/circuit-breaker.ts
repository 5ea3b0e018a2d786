import type { BreakerState } from "../checkpoint/checkpoint.ts";
import type { Clock } from "../core/clock.ts";
import type { DeliveryResult, Refusal } from "../core/result.ts";
import type { Sink } from "../sinks/sink.ts";
import { oneLine } from "../text/one-line.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { RetryPolicy } from "./retry.ts";
import { askedDelayMs } from "./retry.ts";

const failuresToOpen = 3;

/** Limits of one sink. */
export interface CircuitBreakerOptions {
  readonly sink: Sink;
  readonly policy: RetryPolicy;
  /** Maximum requests in flight. */
  readonly concurrency: number;
  /** Rate limit shared by the runs of a process; null when the sink has none. */
  readonly rate: RateLimit | null;
  readonly clock: Clock;
}

/**
 * Concurrency, rate limit and circuit breaker of one sink, shared by all streams of a run.
 *
 * - `closed`: the sink is healthy; deliveries go as concurrency and rate allow.
 * - `half-open`: an earlier run stored the sink as failing; one delivery goes as a probe. Success closes the breaker,
 *   failure opens it.
 * - `open`: nothing more goes in this run. Three failures in a row open a closed breaker; an answer that an operator must
 *   act on opens it at once. So a dead sink costs one time-out a run, not hundreds.
 */
export class CircuitBreaker {
  readonly sink: Sink;
  readonly policy: RetryPolicy;
  readonly rate: RateLimit | null;
  readonly #clock: Clock;
  readonly #concurrency: number;
  #state: "closed" | "half-open" | "open" = "closed";
  #underWay = 0;
  #failuresInARow = 0;
  /** An answer in this run overrides the stored state of an earlier run. */
  #hasSucceeded = false;
  #failure: BreakerState | null = null;
  #refused: BreakerState | null = null;
  #pausedUntilMs = 0;

  constructor(options: CircuitBreakerOptions) {
    this.sink = options.sink;
    this.policy = options.policy;
    this.#clock = options.clock;
    this.#concurrency = options.concurrency;
    this.rate = options.rate;
  }

  /** Restores an open breaker that an earlier run stored; ignored once the sink has answered in this run. */
  restore(failure: BreakerState): void {
    if (failure.kind === "retrying" || this.#hasSucceeded || this.#failure !== null) return;
    this.#state = "half-open";
    this.#failure = failure;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, failure.notBeforeMs);
  }

  get state(): "closed" | "half-open" | "open" {
    return this.#state;
  }

  /** The state to store while the breaker is not closed, or the sink asked for a pause; null otherwise. */
  get failure(): BreakerState | null {
    return this.#failure;
  }

  /** The sink's last refusal of this run, as the state of a closed breaker; null when every delivery succeeded. */
  get refused(): BreakerState | null {
    return this.#refused;
  }

  /** Whether another request may start. */
  get hasCapacity(): boolean {
    return this.#underWay < (this.#state === "half-open" ? 1 : this.#concurrency);
  }

  /** Epoch milliseconds when the next delivery may start; infinite when none may in this run. */
  allowsAtMs(nowMs: number): number {
    if (this.#state === "open") return Number.POSITIVE_INFINITY;
    return Math.max(this.#pausedUntilMs, this.rate?.opensAtMs(nowMs) ?? nowMs);
  }

  /** Occupies one request, and counts its events against the rate; a digest counts as one message. */
  begin(events: number): void {
    this.#underWay += 1;
    const { digestAbove = Number.POSITIVE_INFINITY } = this.sink.batch;
    this.rate?.take(events > digestAbove ? 1 : events, this.#clock.now());
  }

  /**
   * Releases the request and evaluates the results of its attempt. An empty list means the run's end cut it off, which
   * says nothing about the sink. A batch that fails as a whole counts as one failure.
   */
  end(results: readonly DeliveryResult[]): void {
    this.#underWay -= 1;
    const hasPassed = results.some(isAnswer);
    if (hasPassed) {
      this.#failuresInARow = 0;
      this.#hasSucceeded = true;
      if (this.#state !== "open") {
        this.#state = "closed";
        this.#failure = null;
      }
    } else if (results.length > 0) this.#failuresInARow += 1;
    for (const result of results) this.#learn(result, hasPassed);
  }

  /**
   * Releases a request that the end of the run cut off. It says nothing about the sink, unless it had the time for an
   * answer and the sink gave none in the whole run: then it hangs, and no later attempt of the run can tell.
   */
  endCutOff(results: readonly DeliveryResult[], hadItsTime: boolean): void {
    const accepted = results.filter(({ kind }) => kind === "accepted");
    const hangs = hadItsTime && accepted.length === 0 && !this.#hasSucceeded;
    if (hangs) this.#failuresInARow = failuresToOpen - 1;
    this.end(hangs ? [noAnswer] : accepted);
  }

  #learn(result: DeliveryResult, hasPassed: boolean): void {
    if (result.kind === "accepted" || result.kind === "permanent") return;
    const nowMs = this.#clock.now();
    this.#refused = { ...this.#failureOf(result, nowMs), kind: "retrying", notBeforeMs: 0 };
    const pauseMs = askedDelayMs(result, this.policy);
    if (pauseMs !== null) this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + pauseMs);
    const isDown = !hasPassed && (this.#state === "half-open" || this.#failuresInARow >= failuresToOpen);
    const opens = isDown || result.kind === "blocked";
    if (opens) this.#state = "open";
    if (opens || pauseMs !== null) this.#failure = this.#failureOf(result, nowMs);
  }

  #failureOf({ kind, reason, detail, status }: Refusal, nowMs: number): BreakerState {
    return {
      kind: kind === "blocked" ? "blocked" : "failing",
      reason,
      // A custom sink may say anything.
      message: oneLine(detail),
      httpStatus: status ?? null,
      sinceMs: this.#failure?.sinceMs ?? this.#refused?.sinceMs ?? nowMs,
      notBeforeMs: this.#pausedUntilMs,
    };
  }
}

const noAnswer: DeliveryResult = {
  kind: "retry",
  reason: "timeout",
  detail: "no answer before the run's time ended (delivery.timeBudget, or the function's time-out)",
};

/** The sink answered, so it is healthy, even if it refused the event. */
const isAnswer = ({ kind }: DeliveryResult): boolean => kind === "accepted" || kind === "permanent";
