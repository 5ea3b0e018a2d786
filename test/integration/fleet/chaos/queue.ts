import type { Random } from "../../../../lib/core/clock.ts";
import { between } from "../../../../lib/simulator/random.ts";

/** A FIFO queue drops a message whose deduplication id it took within this time. */
const deduplicationMs = 5 * 60_000;
const maxBatch = 10;

export interface NewMessage {
  readonly body: string;
  /** Group and deduplication id; null in a standard queue. */
  readonly fifo: { readonly group: string; readonly deduplication: string } | null;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
}

export interface Message extends NewMessage {
  readonly id: string;
  readonly sentMs: number;
  visibleMs: number;
  receives: number;
  /** The handle of its last receive; null before the first. */
  receipt: string | null;
}

export interface QueueRules {
  readonly visibilityMs: number;
  readonly maxReceives: number;
  /** Called for a message that was received too often: SQS itself moves it away. */
  readonly exhausted: (message: Message) => void;
}

/** SQS, as far as a function can tell: visibility, groups in order, receive counts, deduplication. */
export class SimulatedQueue {
  readonly messages: Message[] = [];
  readonly #rules: QueueRules;
  readonly #taken = new Map<string, number>();
  #made = 0;

  constructor(rules: QueueRules) {
    this.#rules = rules;
  }

  add(message: NewMessage, nowMs: number): void {
    const { fifo, delayMs = 0 } = message;
    if (fifo && this.#isRepeat(fifo.deduplication, nowMs)) return;
    const ahead = fifo && this.messages.findLast((each) => each.fifo?.group === fifo.group && !each.receipt);
    const visibleMs = Math.max(nowMs + delayMs, ahead?.visibleMs ?? 0);
    this.#made += 1;
    this.messages.push({
      ...message,
      id: `m${this.#made}`,
      sentMs: nowMs,
      visibleMs,
      receives: 0,
      receipt: null,
    });
  }

  /** A batch for a function; a standard queue gives it in any order. */
  receive(nowMs: number, random: Random): readonly Message[] {
    const wanted = between(random, 1, maxBatch + 1);
    const batch: Message[] = [];
    const held = new Set(this.messages.filter(isHidden(nowMs)).map(({ fifo }) => fifo?.group));
    const inOrder = this.messages.some(({ fifo }) => fifo !== null);
    const offered = inOrder ? [...this.messages] : this.messages.toSorted(() => random() - 0.5);
    for (const message of offered) {
      if (batch.length === wanted) break;
      if (message.visibleMs > nowMs || (message.fifo && held.has(message.fifo.group))) continue;
      if (message.receives === this.#rules.maxReceives) {
        this.remove(message.receipt);
        this.#rules.exhausted(message);
        continue;
      }
      message.receives += 1;
      message.receipt = `${message.id}-${message.receives}`;
      message.visibleMs = nowMs + this.#rules.visibilityMs;
      batch.push(message);
    }
    return batch;
  }

  /** Deletes a message by its last receipt; an older one no longer counts. */
  remove(receipt: string | null): void {
    const index = this.messages.findIndex((each) => receipt !== null && each.receipt === receipt);
    if (index >= 0) this.messages.splice(index, 1);
  }

  hide(receipt: string, seconds: number, nowMs: number): void {
    const message = this.messages.find((each) => each.receipt === receipt);
    if (message) message.visibleMs = nowMs + seconds * 1_000;
  }

  #isRepeat(deduplication: string, nowMs: number): boolean {
    const takenMs = this.#taken.get(deduplication);
    if (takenMs !== undefined && nowMs - takenMs < deduplicationMs) return true;
    this.#taken.set(deduplication, nowMs);
    return false;
  }
}

const isHidden =
  (nowMs: number) =>
  ({ receipt, visibleMs }: Message): boolean =>
    receipt !== null && visibleMs > nowMs;
