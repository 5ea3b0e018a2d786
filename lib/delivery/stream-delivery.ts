import type { Checkpoint, OutboxEntry, PendingState } from "../checkpoint/checkpoint.ts";
import { isReference, messagesOf } from "../checkpoint/messages.ts";
import type { Receipt } from "../checkpoint/transitions.ts";
import type { Random } from "../core/clock.ts";
import { type SinkName, type StreamKey, taskId } from "../core/names.ts";
import type { DeliveryResult } from "../core/result.ts";
import { type DeliveryEntry, deliveryEntry, outcomeOf } from "../journal/entry.ts";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import { type DeadLetter, deadLetterOf } from "./dead-letters.ts";
import { decide, type RetryPolicy } from "./retry.ts";
import { type PendingDelivery, TaskQueue } from "./task-queue.ts";

/** One stream's deliveries to one sink. */
export interface Dispatch {
  readonly stream: StreamKey;
  readonly record: Pick<Checkpoint, "outbox" | "messages">;
  /** Instant at which events' ages are taken, epoch milliseconds; a clock that jumps during the run has no effect. */
  readonly agingMs: () => number;
  /** No attempt starts at or after this instant, epoch milliseconds. */
  readonly stopAtMs: number;
  readonly attempted: (entry: OutboxEntry, result: DeliveryResult, when: AttemptTimes) => void;
}

/** Result of a dispatch. */
export interface Dispatched {
  /** One receipt for each delivery that was tried. */
  readonly receipts: readonly Receipt[];
  readonly accepted: number;
  readonly deadLetters: readonly DeadLetter[];
  /** Each attempt, for the journal. */
  readonly entries: readonly DeliveryEntry[];
}

/** Start and end of an attempt, epoch milliseconds. */
export interface AttemptTimes {
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Result of one attempt. */
export interface Ending {
  readonly startedMs: number;
  readonly nowMs: number;
  /** Whether the end of the run cut the attempt off; then only an accepted result counts. */
  readonly isCutOff: boolean;
  readonly random: Random;
}

/** Progress of one stream's deliveries to one sink during a run. */
export class StreamDelivery {
  readonly queue: TaskQueue;
  readonly stopAtMs: number;
  readonly signal: AbortSignal;
  /** Epoch milliseconds. */
  readonly openedMs: number;
  /** References to the sink's last message of each task. */
  readonly messages: Map<string, string>;
  underWay = 0;
  /** Called whenever nothing is left to send in this run, unless more is added. */
  readonly rested: () => void;
  /** Whether nothing is left to send now. */
  isResting = true;
  #hasLeft = false;
  readonly #dispatch: Dispatch;
  readonly #sink: SinkName;
  readonly #policy: RetryPolicy;
  #receipts = new Map<number, Receipt>();
  #deadLetters: DeadLetter[] = [];
  #entries: DeliveryEntry[] = [];
  #accepted = 0;

  constructor(
    dispatch: Dispatch,
    { sink, policy }: Pick<CircuitBreaker, "sink" | "policy">,
    { signal, openedMs }: Pick<StreamDelivery, "signal" | "openedMs">,
    rested: () => void,
  ) {
    this.rested = rested;
    this.queue = new TaskQueue(dispatch.record.outbox, sink.name);
    this.stopAtMs = dispatch.stopAtMs;
    this.signal = signal;
    this.openedMs = openedMs;
    this.messages = messagesOf(dispatch.record.messages, sink.name);
    this.#dispatch = dispatch;
    this.#sink = sink.name;
    this.#policy = policy;
  }

  /** Starts no more attempts in this run. */
  leave(): void {
    this.#hasLeft = true;
  }

  /** Whether the time for attempts is over. */
  isOver(nowMs: number): boolean {
    return this.#hasLeft || this.signal.aborted || nowMs >= this.stopAtMs;
  }

  complete(waiting: PendingDelivery, result: DeliveryResult, ending: Ending): void {
    const { startedMs, nowMs, isCutOff, random } = ending;
    const { entry, state: pending } = waiting;
    const { sequence } = entry;
    const attempts = pending.attempts + 1;
    this.#dispatch.attempted(entry, result, { startedMs, endedMs: nowMs });
    const decision = decide(
      result,
      { attempts, ageMs: this.#dispatch.agingMs() - entry.committedAtMs, nowMs },
      this.#policy,
      random,
    );
    const abandoned = decision.kind === "give-up" ? decision : null;
    this.#entries.push(
      deliveryEntry({
        atMs: nowMs,
        stream: this.#dispatch.stream,
        event: entry.event,
        sink: this.#sink,
        attempt: attempts,
        outcome: abandoned ? "dead-lettered" : outcomeOf(result),
        failure: result.kind === "accepted" ? null : { ...result, ...abandoned },
      }),
    );
    if (decision.kind === "wait") {
      const next = isCutOff ? { attempts, nextAttemptMs: 0 } : decision.pending;
      this.#note(sequence, next);
      const again =
        waiting.triedInRun + 1 < this.#policy.attemptsPerRun && next.nextAttemptMs < this.stopAtMs;
      if (again) this.queue.reschedule(waiting, next);
      return;
    }
    const message = result.kind === "accepted" && isReference(result.message) ? result.message : undefined;
    this.#note(sequence, null, message);
    // A later change of the task may follow in this run.
    if (message !== undefined) this.messages.set(taskId(entry.event.subject), message);
    if (decision.kind === "settle") {
      this.#accepted += 1;
      this.queue.settle(waiting);
      return;
    }
    // Stays pending until the dead letter is stored; not settled here, so later events of the task do not overtake it.
    this.#deadLetters.push(
      deadLetterOf(this.#dispatch.stream, this.#sink, entry, { ...decision, attempts, nowMs }),
    );
  }

  /** Receipts and dead letters since the last call. */
  collect(): Dispatched {
    const receipts = [...this.#receipts.values()];
    const collected = {
      receipts,
      accepted: this.#accepted,
      deadLetters: this.#deadLetters,
      entries: this.#entries,
    };
    this.#receipts = new Map();
    this.#deadLetters = [];
    this.#entries = [];
    this.#accepted = 0;
    return collected;
  }

  #note(sequence: number, pending: PendingState | null, message?: string): void {
    const receipt = { sequence, sink: this.#sink, pending };
    this.#receipts.set(sequence, message === undefined ? receipt : { ...receipt, message });
  }
}
