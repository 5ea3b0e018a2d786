import type { Checkpoint, Fence } from "../checkpoint/checkpoint.ts";
import { withFence, withTrouble } from "../checkpoint/transitions.ts";
import type { Clock } from "../core/clock.ts";
import type { RunId, SinkName } from "../core/names.ts";
import type { Dispatcher } from "../delivery/dispatcher.ts";
import { fenceMarginMs } from "./longest-waits.ts";

export interface LeaseHolder {
  readonly run: RunId;
  readonly clock: Clock;
  readonly dispatchers: ReadonlyMap<SinkName, Dispatcher>;
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

  isMine({ fence }: Checkpoint): boolean {
    return fence?.run === this.#holder.run;
  }

  isOthers({ fence }: Checkpoint): boolean {
    const { run, clock } = this.#holder;
    return fence !== null && fence.run !== run && fence.untilMs > clock.now();
  }

  /** The fence of the next commit: this run's own where something may be sent, `tells` included; else it stays as it is. */
  fenceFor(checkpoint: Checkpoint, tells: boolean): Fence | null {
    const { run } = this.#holder;
    const { fence } = checkpoint;
    if (this.isMine(checkpoint) || this.isOthers(checkpoint)) return fence;
    if (!tells && !this.#isAnythingDue(checkpoint)) return fence;
    return { run, untilMs: this.stopAtMs + fenceMarginMs };
  }

  /** Gives the outbox free, with what was learnt of the sinks that are still owed something. */
  released(checkpoint: Checkpoint): Checkpoint {
    const owedTo = new Set(checkpoint.outbox.flatMap(({ owed }) => [...owed.keys()]));
    const states = new Map(
      Array.from(this.#holder.dispatchers, ([sink, { channel }]) => [
        sink,
        owedTo.has(sink) ? channel.trouble : null,
      ]),
    );
    const known = withTrouble(checkpoint, states);
    return this.isMine(known) ? withFence(known, null) : known;
  }

  #isAnythingDue({ outbox, trouble }: Checkpoint): boolean {
    const nowMs = this.#holder.clock.now();
    return this.#holder.dispatchers
      .entries()
      .some(([sink, dispatcher]) => dispatcher.mayDeliver(outbox, trouble.get(sink) ?? null, nowMs));
  }
}
