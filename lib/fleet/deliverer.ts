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
import type { Dispatched } from "../delivery/stream-delivery.ts";
import type { Log } from "../telemetry/log.ts";
import { eventIn } from "./inbox.ts";
import { Tries } from "./tries.ts";
import { type SinkState, waitSeconds } from "./waits.ts";

/** A message as Lambda hands it over, as far as it counts here. */
export interface Received {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: {
    readonly ApproximateReceiveCount: string;
    /** Epoch milliseconds. */
    readonly SentTimestamp: string;
    /** Of a FIFO queue. */
    readonly MessageGroupId?: string | undefined;
    readonly MessageDeduplicationId?: string | undefined;
  };
}

export interface DelivererParts {
  readonly dispatcher: () => SinkDispatcher;
  readonly matches: (event: CloudEvent) => boolean;
  /** Where the messages come from. */
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a batch may take. */
export interface BatchTime {
  /** No attempt begins at or after this instant. */
  readonly stopAtMs: number;
  /** Ends the attempts. */
  readonly sending: AbortSignal;
  /** Ends what must follow them: it comes later. */
  readonly settling: AbortSignal;
}

/** What became of a batch of messages. */
export interface DeliverySummary {
  /** Messages that are to be received again, by id. */
  readonly failed: readonly string[];
  readonly accepted: number;
  readonly filtered: number;
  readonly deadLettered: number;
}

export interface Deliverer {
  /** Delivers the events of a batch. Never rejects for a sink that fails. */
  deliver(batch: readonly Received[], time: BatchTime): Promise<DeliverySummary>;
}

interface Letter {
  readonly message: Received;
  readonly reason: GiveUpReason | "unreadable";
  readonly detail: string;
}

/** The messages that carry one event: more than one where the queue repeats itself. */
interface QueuedDelivery {
  readonly event: CloudEvent;
  readonly messages: [Received, ...Received[]];
}

/** A message that goes back, hidden for so long. */
interface Wait {
  readonly message: Received;
  readonly seconds: number;
}

/** What a batch's deliveries came to. */
interface Sent extends Dispatched, SinkState {
  readonly policy: RetryPolicy;
}

/**
 * Delivers what one queue brings to one sink. Retry and backlog are the queue's: a message that was not taken goes back
 * until its next attempt is due. Within a batch the rules are those of every delivery: order for each task, retries
 * while there is time, a breaker and a rate that are remembered from batch to batch.
 */
export function openDeliverer(parts: DelivererParts): Deliverer {
  const { clock, log } = parts;
  const tries = new Tries();
  let trouble: BreakerState | null = null;

  async function send(parcels: readonly QueuedDelivery[], { stopAtMs, sending }: BatchTime): Promise<Sent> {
    const dispatcher = parts.dispatcher();
    const { breaker } = dispatcher;
    const { rate, policy } = breaker;
    if (trouble) breaker.restore(trouble);
    const { name } = breaker.sink;
    const outbox = parcels.map(({ event, messages: [first] }, sequence): OutboxEntry => {
      // Another container's attempts are not known: receives stand for them in the backoff, and never give an event up.
      const attempts = tries.of(event.id) ?? (policy.maxAttempts === null ? receivesOf(first) - 1 : 0);
      return {
        sequence,
        event,
        committedAtMs: sentMs(first),
        pending: new Map([[name, { attempts, nextAttemptMs: 0 }]]),
      };
    });
    const [first] = parcels;
    if (!first) return { receipts: [], accepted: 0, deadLetters: [], trouble, rate, policy };
    const stream = streamKey(first.event.data.instance);
    // A queue has no record, so a chat's message is posted anew by each batch.
    const record = { outbox, messages: new Map() };
    const sent = await dispatcher.dispatch(
      { stream, record, startedMs: clock.now(), stopAtMs, attempted: () => {} },
      { signal: sending },
    );
    for (const { sequence, pending } of sent.receipts) {
      const { id } = (parcels[sequence] as QueuedDelivery).event;
      if (pending) tries.note(id, pending.attempts);
      else tries.forget(id);
    }
    trouble = breaker.failure;
    tellTrouble(breaker, parcels.length - sent.accepted - sent.deadLetters.length);
    return { ...sent, trouble, rate, policy };
  }

  /** The words of a run's report. */
  function tellTrouble({ sink, failure: trouble, problem }: CircuitBreaker, pending: number): void {
    const why = problem ?? trouble?.reason;
    if (pending === 0 || why === undefined) return;
    const fields = { sink: sink.name, problem: why, pending };
    if (trouble?.kind === "blocked") log("warn", "a sink is blocked", { ...fields, reason: trouble.reason });
    else log("warn", "a sink fails", fields);
  }

  /** False when they could not be stored: their messages then stay in the queue. */
  async function storeDeadLetters(letters: readonly Letter[], options: CallOptions): Promise<boolean> {
    try {
      await parts.deadLetters.send(letters.map(letterMessage), options);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      log("error", "dead letters could not be stored", { problem: error.message });
      return false;
    }
    for (const { message, reason, detail } of letters) {
      log("error", "a message was given up", { messageId: message.messageId, reason, detail });
    }
    return true;
  }

  /** Says when what was not taken is due again. Where that fails, the queue's own visibility time-out says it. */
  async function postpone(waiting: readonly Wait[], options: CallOptions) {
    const changes = waiting.map(({ message: { receiptHandle }, seconds }) => ({ receiptHandle, seconds }));
    try {
      await parts.queue.changeVisibility(changes, options);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      log("warn", "messages keep the queue's own visibility time-out", { problem: error.message });
    }
  }

  /** The messages whose events are not settled, each with how long it is to be hidden. */
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
      const letters: Letter[] = [];
      let filtered = 0;
      for (const message of batch) {
        const event = eventIn(message.body);
        if (!event) letters.push({ message, ...unreadable });
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
        for (const message of ordered[sequence]?.messages ?? []) letters.push({ message, reason, detail });
      }
      const waiting: Wait[] = [];
      for (const each of waitsOf(ordered, sent)) {
        if (each.seconds > 0 && isTooOld(clock.now() - sentMs(each.message), sent.policy))
          letters.push({ message: each.message, ...outOfTime });
        else waiting.push(each);
      }
      const isBuried = letters.length === 0 || (await storeDeadLetters(letters, settling));
      if (waiting.length > 0) await postpone(waiting, settling);
      const failed = [
        ...waiting.map(({ message }) => message),
        ...(isBuried ? [] : letters.map(({ message }) => message)),
      ];
      return {
        failed: failed.map(({ messageId }) => messageId),
        accepted: sent.accepted,
        filtered,
        deadLettered: isBuried ? letters.length : 0,
      };
    },
  };
}

/** A queue deletes what it has held for too long, so what cannot be tried is given up before that. */
const outOfTime = { reason: "too_old", detail: "its age is over the limit" } as const;
const unreadable = { reason: "unreadable", detail: "the message holds no event of ours" } as const;

/** The message as it was, with why it was given up; on a FIFO queue in its old group. */
function letterMessage({
  message: { body, receiptHandle, attributes },
  reason,
  detail,
}: Letter): QueueMessage {
  const { MessageGroupId: group, MessageDeduplicationId: deduplication } = attributes;
  const isFifo = group !== undefined && deduplication !== undefined;
  return {
    body,
    attributes: { reason, detail: detail || reason },
    // The message's own deduplication id would swallow a letter that was redriven and given up again.
    ...(isFifo && { fifo: { group, deduplication: hash("sha256", receiptHandle) } }),
  };
}

const receivesOf = ({ attributes }: Received): number =>
  Math.max(1, Number(attributes.ApproximateReceiveCount));
const sentMs = ({ attributes }: Received): number => Number(attributes.SentTimestamp);
