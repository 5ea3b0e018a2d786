import type { Checkpoint, Lease } from "../checkpoint/checkpoint.ts";
import { withBreakers, withLease } from "../checkpoint/transitions.ts";
import type { Clock } from "../core/clock.ts";
import type { RunId, SinkName } from "../core/names.ts";
import type { SinkDispatcher } from "../delivery/sink-dispatcher.ts";
import { leaseMarginMs } from "./longest-waits.ts";

/** The run that takes a lease, with its clock and dispatchers. */
export interface LeaseHolder {
  readonly run: RunId;
  readonly clock: Clock;
  readonly dispatchers: ReadonlyMap<SinkName, SinkDispatcher>;
}

/**
 * One run's lease on one stream's outbox. It is written with the first commit that leaves something to send. Its expiry
 * never changes: no attempt starts at or after `stopAtMs`, and none is in flight when the lease expires.
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

  /** Lease for the next commit: this run's own when it may send something or emits (`tells`); otherwise unchanged. */
  leaseFor(checkpoint: Checkpoint, emits: boolean): Lease | null {
    const { run } = this.#holder;
    const { lease } = checkpoint;
    if (this.isMine(checkpoint) || this.isOthers(checkpoint)) return lease;
    if (!emits && !this.#isAnythingDue(checkpoint)) return lease;
    return { run, untilMs: this.stopAtMs + leaseMarginMs };
  }

  /** Releases the outbox, and stores what refuses its pending deliveries. */
  released(checkpoint: Checkpoint): Checkpoint {
    const pendingFor = new Set<SinkName>();
    const triedAt = new Set<SinkName>();
    for (const { pending } of checkpoint.outbox) {
      for (const [sink, { attempts }] of pending) {
        pendingFor.add(sink);
        if (attempts > 0) triedAt.add(sink);
      }
    }
    const states = new Map(
      Array.from(this.#holder.dispatchers, ([sink, { breaker }]) => {
        const stored = checkpoint.breakers.get(sink);
        const retrying = breaker.refused ?? (stored ? { ...stored, ...closed } : null);
        return [
          sink,
          pendingFor.has(sink) ? (breaker.failure ?? (triedAt.has(sink) ? retrying : null)) : null,
        ];
      }),
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

const closed = { kind: "retrying", notBeforeMs: 0 } as const;
