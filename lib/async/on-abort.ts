/** Work to call when a signal aborts; null once it is no longer wanted. */
interface Subscription {
  work: (() => void) | null;
  /** Index among the signal's subscriptions. */
  place: number;
}

const subscriptions = new WeakMap<AbortSignal, Subscriptions>();

/**
 * Calls `work` when a signal that has not aborted yet does; returns an unsubscribe function. Made for a signal that very
 * many short exchanges share: a removed listener of an AbortSignal still refers to the next one, so one that became old
 * keeps all later ones in memory, with what they hold, until the next full garbage collection.
 */
export function onAbort(signal: AbortSignal, work: () => void): () => void {
  const known = subscriptions.get(signal);
  const all = known ?? new Subscriptions(signal);
  if (!known) subscriptions.set(signal, all);
  return all.add(work);
}

/** One signal's subscriptions, behind one listener. */
class Subscriptions {
  readonly #signal: AbortSignal;
  /** A list, since the tables that a Set leaves behind refer to the next ones, too. */
  readonly #all: Subscription[] = [];

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(work: () => void): () => void {
    const added: Subscription = { work, place: this.#all.length };
    this.#all.push(added);
    if (this.#all.length === 1) this.#signal.addEventListener("abort", this, { once: true });
    return () => this.#remove(added);
  }

  /** The signal aborted. */
  handleEvent(): void {
    for (const subscription of [...this.#all]) subscription.work?.();
  }

  #remove(removed: Subscription): void {
    if (!removed.work) return;
    removed.work = null;
    const last = this.#all.pop();
    if (last && last !== removed) {
      this.#all[removed.place] = last;
      last.place = removed.place;
    }
    if (this.#all.length === 0) this.#signal.removeEventListener("abort", this);
  }
}
