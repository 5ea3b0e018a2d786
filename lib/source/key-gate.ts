import { follow } from "../async/deadline.ts";
import { type CallOptions, type Clock, isWithin } from "../core/clock.ts";
import { SourceError } from "../core/errors.ts";

/** Requests under way at once while a key is unproven: one in the first second of waiting, four in the next, then any number. */
const unprovenAtOnce = [1, 4] as const;
const patienceMs = 1_000;
/** A good answer proves the key for so long: one that is refused from a later run on is tried with one request again. */
const proofHoldMs = 5_000;
/** Far longer than an answer takes, and far shorter than a step of the clock that has signatures refused. */
const answerMaxMs = 120_000;
/** How long an endpoint's refusal stands for the requests that follow. */
const refusalHoldMs = 30_000;
/** Refusals, of different endpoints, after which every request with an unproven key fails at once. */
const refusalsHeld = 2;
const unauthorized = 401;

/**
 * Lets the requests of one access key through. Five refused signatures in a row lock a key, so one that was not taken
 * within the last seconds is tried with a single request, the canary. The others go on when it has any answer but a
 * refused signature, and do not wait for one that hangs.
 */
export interface KeyGate {
  /** Does one request's work. `answered` takes the status of the API's answer as soon as it is there. @throws SourceError */
  pass<Result>(
    origin: string,
    options: CallOptions,
    work: (answered: (status: number) => void) => Promise<Result>,
  ): Promise<Result>;
}

/** The gates of a process, by what identifies the key, so that sources with one key share its gate. */
export function keyGates(clock: Clock): (key: string) => KeyGate {
  const gates = new Map<string, KeyGate>();
  return (key) => {
    const gate = gates.get(key) ?? openGate(clock);
    gates.set(key, gate);
    return gate;
  };
}

interface Refusal {
  readonly error: SourceError;
  readonly atMs: number;
}

function openGate(clock: Clock): KeyGate {
  /** By endpoint: where one refuses what another takes, it alone is wrong. */
  const refusals = new Map<string, Refusal>();
  const waiting = new Set<() => void>();
  /** When the API last took a signature. */
  let provenMs: number | null = null;
  let underWay = 0;

  const wakeAll = (): void => {
    for (const wake of waiting) wake();
  };

  const isProven = (): boolean => provenMs !== null && isWithin(proofHoldMs, provenMs, clock.now());

  /** The refusal that stands for requests to this endpoint. */
  function refusalOf(origin: string): SourceError | null {
    for (const [refusing, { atMs }] of refusals)
      if (!isWithin(refusalHoldMs, atMs, clock.now())) refusals.delete(refusing);
    const own = refusals.get(origin);
    if (own) return own.error;
    const [first] = refusals.values();
    return first && !isProven() && refusals.size >= refusalsHeld ? first.error : null;
  }

  /** False when it must wait. @throws SourceError */
  function admit(origin: string, atOnce: number): boolean {
    const refusal = refusalOf(origin);
    if (refusal) throw refusal;
    if (!isProven() && underWay >= atOnce) return false;
    underWay += 1;
    return true;
  }

  /** Waits for a second at most; whether it was admitted. @throws SourceError */
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
      // Without a reason of ours an exception is made, with its stack.
      patience.abort(null);
    }
  }

  /** @throws SourceError */
  async function enter(origin: string, options: CallOptions): Promise<void> {
    for (const atOnce of unprovenAtOnce) {
      if (admit(origin, atOnce) || (await wait(origin, atOnce, options))) return;
    }
    admit(origin, Number.POSITIVE_INFINITY);
  }

  return {
    async pass(origin, options, work) {
      await enter(origin, options);
      const enteredMs = clock.now();
      try {
        return await work((status) => {
          if (status === unauthorized) return;
          const wasProven = isProven();
          // A clock that jumped meanwhile signs otherwise than the request was signed.
          if (isWithin(answerMaxMs, enteredMs, clock.now())) provenMs = clock.now();
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
