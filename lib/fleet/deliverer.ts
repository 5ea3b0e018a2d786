import { hash } from "node:crypto";
import { AwsError } from "../aws/errors.ts";
import type { Queue, QueueMessage } from "../aws/queue.ts";
import type { CloudEvent } from "../change/event.ts";
import type { BreakerState, OutboxEntry } from "../checkpoint/checkpoint.ts";
import type { CallOptions, Clock } from "../core/clock.ts";
import { streamKey } from "../core/names.ts";
import type { CircuitBreaker } from "../delivery/circuit-breaker.ts";
import type { GiveUpReason } from "../delivery/dead-letters.ts";
import { isTooOld, type RetryPolicy } from "../delivery/retry.ts";
import type { SinkDispatcher } from "../delivery/sink-dispatcher.ts";
import type { Dispatch, Dispatched } from "../delivery/stream-delivery.ts";
import type { RunObserver } from "../run/observer.ts";
import { sinkStatus } from "../status/sinks.ts";
import type { Log } from "../telemetry/log.ts";
import { logSink } from "../telemetry/sink-log.ts";
import { eventIn } from "./inbox.ts";
import { Tries } from "./tries.ts";
import { type SinkState, waitSeconds } from "./waits.ts";

/** A Lambda message, with the fields used here. */
export interface Received {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: {
    readonly ApproximateReceiveCount: string;
    /** Epoch milliseconds. */
    readonly SentTimestamp: string;
    /** Only for FIFO queues. */
    readonly MessageGroupId?: string | undefined;
    readonly MessageDeduplicationId?: string | undefined;
  };
}

/** Parts that a deliverer needs. */
export interface DelivererParts {
  readonly dispatcher: () => SinkDispatcher;
  readonly matches: (event: CloudEvent) => boolean;
  /** The queue that the messages come from. */
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly clock: Clock;
  readonly log: Log;
  /** Sees each attempt. @default none */
  readonly observer?: Pick<RunObserver, "attempted">;
}

/** Time limits of a batch. */
export interface BatchTime {
  /** No attempt starts at or after this instant, epoch milliseconds. */
  readonly stopAtMs: number;
  /** Aborts attempts. */
  readonly sending: AbortSignal;
  /** Aborts the work after the attempts, at a later time. */
  readonly settling: AbortSignal;
}

/** Result of a batch of messages. */
export interface DeliverySummary {
  /** Ids of messages to receive again. */
  readonly failed: readonly string[];
  readonly accepted: number;
  readonly filtered: number;
  readonly deadLettered: number;
}

/** Delivers batches of a queue's messages to one sink. */
export interface Deliverer {
  /** Delivers the events of a batch. Never rejects for a failing sink. */
  deliver(batch: readonly Received[], time: BatchTime): Promise<DeliverySummary>;
}

interface AbandonedMessage {
  readonly message: Received;
  readonly reason: GiveUpReason | "unreadable";
  readonly detail: string;
}

/** The messages of one event; several when the queue repeats itself. */
interface QueuedDelivery {
  readonly event: CloudEvent;
  readonly messages: [Received, ...Received[]];
}

/** A message to return to the queue, with the time to hide it. */
interface Wait {
  readonly message: Received;
  readonly seconds: number;
}

/** Result of a batch's deliveries. */
interface Sent extends Omit<Dispatched, "entries">, SinkState {
  readonly policy: RetryPolicy;
}

/**
 * Delivers one queue's messages to one sink. The queue keeps the backlog: a failed message returns to it until its next
 * attempt is due. Within a batch the usual rules apply: order per task, and retries while there is time. Breaker and
 * rate limit persist from batch to batch.
 */
export function openDeliverer(parts: DelivererParts): Deliverer {
  const { clock, log } = parts;
  const tries = new Tries();
  let failure: BreakerState | null = null;

  async function send(parcels: readonly QueuedDelivery[], { stopAtMs, sending }: BatchTime): Promise<Sent> {
    const dispatcher = parts.dispatcher();
    const { breaker } = dispatcher;
    const { rate, policy } = breaker;
    if (failure) breaker.restore(failure);
    const { name } = breaker.sink;
    const outbox = parcels.map(({ event, messages: [first] }, sequence): OutboxEntry => {
      // Attempts of other containers are unknown: receives replace them in the backoff, but never abandon an event.
      const attempts = tries.of(event.id) ?? (policy.maxAttempts === null ? receivesOf(first) - 1 : 0);
      return {
        sequence,
        event,
        committedAtMs: sentMs(first),
        pending: new Map([[name, { attempts, nextAttemptMs: 0 }]]),
      };
    });
    const [first] = parcels;
    if (!first) return { receipts: [], accepted: 0, deadLetters: [], failure, rate, policy };
    const stream = streamKey(first.event.data.instance);
    // A queue keeps no message references, so each batch posts a chat's message anew.
    const record = { outbox, messages: new Map() };
    const attempted: Dispatch["attempted"] = ({ event }, result, times) =>
      parts.observer?.attempted?.({
        stream: streamKey(event.data.instance),
        sink: name,
        event,
        result,
        ...times,
      });
    const sent = await dispatcher.dispatch(
      { stream, record, agingMs: () => clock.now(), stopAtMs, attempted },
      { signal: sending },
    );
    for (const { sequence, pending } of sent.receipts) {
      const { id } = (parcels[sequence] as QueuedDelivery).event;
      if (pending) tries.note(id, pending.attempts);
      else tries.forget(id);
    }
    failure = breaker.failure;
    const settled = new Set(sent.receipts.flatMap(({ pending, sequence }) => (pending ? [] : sequence)));
    logFailure(
      breaker,
      outbox.filter(({ sequence }) => !settled.has(sequence)),
    );
    return { ...sent, failure, rate, policy };
  }

  /** Logs the status of a sink that refuses deliveries, like a run's report. */
  function logFailure({ sink, failure, refused }: CircuitBreaker, waiting: readonly OutboxEntry[]): void {
    if (waiting.length === 0) return;
    const status = sinkStatus(sink.name, failure ?? refused, {
      pending: waiting.length,
      oldestMs: Math.min(...waiting.map(({ committedAtMs }) => committedAtMs)),
      dueMs: failure?.notBeforeMs ?? null,
      nowMs: clock.now(),
    });
    logSink(log, { sink: sink.name }, status);
  }

  /** False when storing failed; the messages then stay in the queue. */
  async function storeDeadLetters(
    abandoned: readonly AbandonedMessage[],
    options: CallOptions,
  ): Promise<boolean> {
    try {
      await parts.deadLetters.send(abandoned.map(abandonedMessage), options);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      log("error", "dead letters could not be stored", { problem: error.message });
      return false;
    }
    for (const { message, reason, detail } of abandoned) {
      log("error", "a message was abandoned", { messageId: message.messageId, reason, detail });
    }
    return true;
  }

  /** Sets when failed messages are due again. If that fails, the queue's own visibility timeout applies. */
  async function postpone(waiting: readonly Wait[], options: CallOptions) {
    const changes = waiting.map(({ message: { receiptHandle }, seconds }) => ({ receiptHandle, seconds }));
    try {
      await parts.queue.changeVisibility(changes, options);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      log("warn", "messages keep the queue's own visibility timeout", { problem: error.message });
    }
  }

  /** Messages of unsettled events, with the time to hide each. */
  function waitsOf(parcels: readonly QueuedDelivery[], sent: Sent): readonly Wait[] {
    const receipts = new Map(sent.receipts.map(({ sequence, pending }) => [sequence, pending]));
    const waiting = parcels.flatMap(({ event, messages }, sequence) => {
      const pending = receipts.get(sequence);
      if (pending === null) return [];
      const dueMs = pending?.nextAttemptMs ?? null;
      return [{ messages, task: event.subject, receives: receivesOf(messages[0]), dueMs }];
    });
    const seconds = waitSeconds(waiting, sent, clock.now());
    return waiting.flatMap(({ messages }, index) =>
      messages.map((message) => ({ message, seconds: seconds[index] ?? 0 })),
    );
  }

  return {
    async deliver(batch, time) {
      const settling: CallOptions = { signal: time.settling };
      const parcels = new Map<string, QueuedDelivery>();
      const abandoned: AbandonedMessage[] = [];
      let filtered = 0;
      for (const message of batch) {
        const event = eventIn(message.body);
        if (!event) abandoned.push({ message, ...unreadable });
        else if (!parts.matches(event)) filtered += 1;
        else {
          const known = parcels.get(event.id);
          if (known) known.messages.push(message);
          else parcels.set(event.id, { event, messages: [message] });
        }
      }
      const ordered = [...parcels.values()];
      const sent = await send(ordered, time);
      for (const { sequence, reason, detail } of sent.deadLetters) {
        for (const message of ordered[sequence]?.messages ?? []) abandoned.push({ message, reason, detail });
      }
      const waiting: Wait[] = [];
      for (const each of waitsOf(ordered, sent)) {
        if (each.seconds > 0 && isTooOld(clock.now() - sentMs(each.message), sent.policy))
          abandoned.push({ message: each.message, ...outOfTime });
        else waiting.push(each);
      }
      const isDeadLettered = abandoned.length === 0 || (await storeDeadLetters(abandoned, settling));
      if (waiting.length > 0) await postpone(waiting, settling);
      const failed = [
        ...waiting.map(({ message }) => message),
        ...(isDeadLettered ? [] : abandoned.map(({ message }) => message)),
      ];
      return {
        failed: failed.map(({ messageId }) => messageId),
        accepted: sent.accepted,
        filtered,
        deadLettered: isDeadLettered ? abandoned.length : 0,
      };
    },
  };
}

/** The queue deletes messages at its retention limit, so untried ones become dead letters before that. */
const outOfTime = { reason: "too_old", detail: "it is older than the limit" } as const;
const unreadable = { reason: "unreadable", detail: "the message holds no event of dms-task-bridge" } as const;

/** The original message with the reason it was abandoned; on a FIFO queue in its old group. */
function abandonedMessage({
  message: { body, receiptHandle, attributes },
  reason,
  detail,
}: AbandonedMessage): QueueMessage {
  const { MessageGroupId: group, MessageDeduplicationId: deduplication } = attributes;
  const isFifo = group !== undefined && deduplication !== undefined;
  return {
    body,
    attributes: { reason, detail: detail || reason },
    // The original deduplication id would drop a dead letter that was redriven and abandoned again.
    ...(isFifo && { fifo: { group, deduplication: hash("sha256", receiptHandle) } }),
  };
}

const receivesOf = ({ attributes }: Received): number =>
  Math.max(1, Number(attributes.ApproximateReceiveCount));
const sentMs = ({ attributes }: Received): number => Number(attributes.SentTimestamp);
