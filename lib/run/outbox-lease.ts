import type { Checkpoint, Lease } from "../checkpoint/checkpoint.ts";
import { withBreakers, withLease } from "../checkpoint/transitions.ts";
import type { Clock } from "../core/clock.ts";
import type { RunId, SinkName } from "../core/names.ts";
import type { SinkDispatcher } from "../delivery/sink-dispatcher.ts";
import { leaseMarginMs } from "./longest-waits.ts";

export interface LeaseHolder {
  readonly run: RunId;
  readonly clock: Clock;
  readonly dispatchers: ReadonlyMap<SinkName, SinkDispatcher>;
}

/**
 * One run's right to deliver one stream's outbox. It is written with the first commit that leaves something to send, and
 * its end never changes: no attempt begins at or after `stopAtMs`, and none is still in flight when the lease ends.
 */
export class OutboxLease {
  readonly stopAtMs: number;
  readonly #holder: LeaseHolder;

  constructor(holder: LeaseHolder, stopAtMs: number) {
    this.#holder = holder;
    this.stopAtMs = stopAtMs;
  }

  isMine({ lease }: Checkpoint): boolean {
    return lease?.run === this.#holder.run;
  }

  isOthers({ lease }: Checkpoint): boolean {
    const { run, clock } = this.#holder;
    return lease !== null && lease.run !== run && lease.untilMs > clock.now();
  }

  /** The lease of the next commit: this run's own where something may be sent, `tells` included; else it stays as it is. */
  leaseFor(checkpoint: Checkpoint, tells: boolean): Lease | null {
    const { run } = this.#holder;
    const { lease } = checkpoint;
    if (this.isMine(checkpoint) || this.isOthers(checkpoint)) return lease;
    if (!tells && !this.#isAnythingDue(checkpoint)) return lease;
    return { run, untilMs: this.stopAtMs + leaseMarginMs };
  }

  /** Gives the outbox free, with what was learnt of the sinks that are still owed something. */
  released(checkpoint: Checkpoint): Checkpoint {
    const owedTo = new Set(checkpoint.outbox.flatMap(({ pending }) => [...pending.keys()]));
    const states = new Map(
      Array.from(this.#holder.dispatchers, ([sink, { breaker }]) => [
        sink,
        owedTo.has(sink) ? breaker.failure : null,
      ]),
    );
    const known = withBreakers(checkpoint, states);
    return this.isMine(known) ? withLease(known, null) : known;
  }

  #isAnythingDue({ outbox, breakers }: Checkpoint): boolean {
    const nowMs = this.#holder.clock.now();
    return this.#holder.dispatchers
      .entries()
      .some(([sink, dispatcher]) => dispatcher.mayDeliver(outbox, breakers.get(sink) ?? null, nowMs));
  }
}
