import { follow } from "../async/deadline.ts";
import { type CallOptions, type Clock, isWithin } from "../core/clock.ts";
import { SourceError } from "../core/errors.ts";

/** Concurrent requests while a key is unverified: one in the first second, four in the next, then any number. */
const unprovenAtOnce = [1, 4] as const;
const patienceMs = 1_000;
/** How long a successful response verifies a key, milliseconds; after that a single request tries it again. */
const proofHoldMs = 5_000;
/** Longer than any response takes, shorter than a clock jump that invalidates signatures. Milliseconds. */
const rejectionMaxMs = 120_000;
/** How long a refusal applies to further requests to its endpoint, milliseconds. */
const refusalHoldMs = 30_000;
/** Refusals by different endpoints after which all requests with an unverified key fail at once. */
const refusalsHeld = 2;
const unauthorized = 401;

/**
 * Limits the requests of one access key. Five refused signatures in a row lock a key, so a key without a recent success
 * is tried with a single request, the canary. The others proceed after any response but a refused signature, and do not
 * wait for a canary that hangs.
 */
export interface KeyGate {
  /** Runs one request. Call `answered` with the response's status as soon as it arrives. @throws SourceError */
  pass<Result>(
    origin: string,
    options: CallOptions,
    work: (answered: (status: number) => void) => Promise<Result>,
  ): Promise<Result>;
}

/** Creates the gates of a process, by key identity, so that sources with one key share a gate. */
export function keyGates(clock: Clock): (key: string) => KeyGate {
  const gates = new Map<string, KeyGate>();
  return (key) => {
    const gate = gates.get(key) ?? openGate(clock);
    gates.set(key, gate);
    return gate;
  };
}

interface RejectedKey {
  readonly error: SourceError;
  readonly atMs: number;
}

function openGate(clock: Clock): KeyGate {
  /** By endpoint: when one refuses a key that another accepts, only that endpoint is affected. */
  const refusals = new Map<string, RejectedKey>();
  const waiting = new Set<() => void>();
  /** Epoch milliseconds when the API last accepted a signature. */
  let provenMs: number | null = null;
  let underWay = 0;

  const wakeAll = (): void => {
    for (const wake of waiting) wake();
  };

  const isProven = (): boolean => provenMs !== null && isWithin(proofHoldMs, provenMs, clock.now());

  /** The current refusal for requests to this endpoint. */
  function refusalOf(origin: string): SourceError | null {
    for (const [refusing, { atMs }] of refusals)
      if (!isWithin(refusalHoldMs, atMs, clock.now())) refusals.delete(refusing);
    const own = refusals.get(origin);
    if (own) return own.error;
    const [first] = refusals.values();
    return first && !isProven() && refusals.size >= refusalsHeld ? first.error : null;
  }

  /** Admits a request; false when it must wait. @throws SourceError */
  function admit(origin: string, atOnce: number): boolean {
    const refusal = refusalOf(origin);
    if (refusal) throw refusal;
    if (!isProven() && underWay >= atOnce) return false;
    underWay += 1;
    return true;
  }

  /** Waits for one second at most; returns whether the request was admitted. @throws SourceError */
  async function wait(origin: string, atOnce: number, { signal }: CallOptions): Promise<boolean> {
    const patience = new AbortController();
    const unfollow = follow(signal, patience);
    let isOver = false;
    const over = clock.sleep(patienceMs, patience.signal).then(() => {
      isOver = true;
    });
    try {
      while (!isOver) {
        const changed = Promise.withResolvers<void>();
        waiting.add(changed.resolve);
        await Promise.race([changed.promise, over]);
        waiting.delete(changed.resolve);
        if (admit(origin, atOnce)) return true;
      }
      return false;
    } finally {
      unfollow();
      // An abort without a reason creates an exception with its stack: benchmark `idle`, 8 % more CPU time.
      patience.abort(null);
    }
  }

  /** Waits for admission. @throws SourceError */
  async function enter(origin: string, options: CallOptions): Promise<void> {
    for (const atOnce of unprovenAtOnce) {
      if (admit(origin, atOnce) || (await wait(origin, atOnce, options))) return;
    }
    admit(origin, Number.POSITIVE_INFINITY);
  }

  return {
    async pass(origin, options, work) {
      if (!admit(origin, unprovenAtOnce[0])) await enter(origin, options);
      const enteredMs = clock.now();
      try {
        return await work((status) => {
          if (status === unauthorized) return;
          const wasProven = isProven();
          // If the clock has jumped since, later requests are signed differently from this one.
          if (isWithin(rejectionMaxMs, enteredMs, clock.now())) provenMs = clock.now();
          if (!wasProven) wakeAll();
        });
      } catch (error) {
        if (error instanceof SourceError && error.reason === "unauthorized") {
          provenMs = null;
          refusals.set(origin, { error, atMs: clock.now() });
        }
        throw error;
      } finally {
        underWay -= 1;
        wakeAll();
      }
    },
  };
}
