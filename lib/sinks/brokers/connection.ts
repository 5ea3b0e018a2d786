import { withTimeLimit } from "../../async/deadline.ts";
import type { CloudEvent } from "../../change/event.ts";
import type { Clock } from "../../core/clock.ts";
import type { SinkName } from "../../core/names.ts";
import type { DeliveryResult, Refusal } from "../../core/result.ts";
import type { BatchLimits, Sink } from "../sink.ts";

/** What makes a sink that keeps a connection to a broker differ from the others. */
export interface Broker<Connection> {
  /** Where it is, as the operator may see it. */
  readonly origin: string;
  /** For one attempt, from connecting to the last confirmation. */
  readonly timeoutMs: number;
  readonly batch: BatchLimits;
  /** Connects. Frees all it has opened when `signal` aborts, which may be at any moment, also long after it is open. */
  open(signal: AbortSignal): Promise<Connection>;
  /**
   * A result for each event. What `settle` has told of an event by its place counts even where the rest comes too late.
   * Rejects, as the client does, when there is one failure for all of them.
   */
  send(
    connection: Connection,
    events: readonly CloudEvent[],
    settle: (index: number, result: DeliveryResult) => void,
  ): Promise<readonly DeliveryResult[]>;
  /** What a failure of `open` or `send` comes to; null for one that no broker causes, which is a defect. */
  refusal(error: unknown): Refusal | null;
  isLost(connection: Connection): boolean;
  /** Says goodbye, where the protocol has a word for it. Its sockets end with the signal that `open` got, whatever comes of this. */
  close(connection: Connection): Promise<void>;
}

/** A connection that was idle for longer may be dead without a sign: a function is frozen between its runs. */
const maxIdleMs = 30_000;

/** What a broker that no longer answers may still cost the end of a run. */
const closeWithinMs = 2_000;

interface Link<Connection> {
  readonly opening: Promise<Connection>;
  /** Ends all sockets, in whatever state they are. */
  readonly cut: () => void;
  /** Null while it opens. */
  connection: Connection | null;
  usedAtMs: number;
}

/**
 * A sink with one connection. It is opened by the first delivery, and anew after it was lost, was idle, or failed:
 * repeating is for delivery/ to decide, so the client's own reconnecting and buffering stay off. One attempt at a time.
 */
export function brokerSink<Connection>(name: SinkName, broker: Broker<Connection>, clock: Clock): Sink {
  const { origin, timeoutMs, batch } = broker;
  let link: Link<Connection> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | null = null;

  const drop = async (dropped: Link<Connection>): Promise<void> => {
    if (link === dropped) link = null;
    const { opening, connection, cut } = dropped;
    // What fails here was to be given up anyway.
    const close = async (open: Connection): Promise<void> => broker.close(open).catch(() => {});
    if (connection)
      await withTimeLimit(never, closeWithinMs, (limit) => Promise.race([close(connection), ended(limit)]));
    else opening.then(close, () => {});
    cut();
  };

  const connect = (): Link<Connection> => {
    const sockets = new AbortController();
    const made: Link<Connection> = {
      opening: broker.open(sockets.signal),
      cut: () => sockets.abort(),
      connection: null,
      usedAtMs: clock.now(),
    };
    made.opening.catch(made.cut);
    return made;
  };

  const current = (): Link<Connection> => {
    if (link) {
      const isIdle = clock.now() - link.usedAtMs > maxIdleMs;
      if (isIdle || (link.connection && broker.isLost(link.connection))) void drop(link);
    }
    link ??= connect();
    return link;
  };

  const exchange = async (
    used: Link<Connection>,
    events: readonly CloudEvent[],
    known: Map<number, DeliveryResult>,
  ): Promise<readonly DeliveryResult[]> => {
    try {
      used.connection = await used.opening;
      return await broker.send(used.connection, events, (index, result) => known.set(index, result));
    } catch (error) {
      const refusal = broker.refusal(error);
      if (!refusal) throw error;
      return events.map(() => refusal);
    }
  };

  const attempt = async (
    events: readonly CloudEvent[],
    signal: AbortSignal,
  ): Promise<readonly DeliveryResult[]> => {
    const used = current();
    const known = new Map<number, DeliveryResult>();
    let isSound = false;
    try {
      const results = await withTimeLimit(signal, timeoutMs, (limit) =>
        Promise.race([
          exchange(used, events, known),
          ended(limit).then(() => {
            const late = signal.aborted ? runEnded(origin) : tooSlow(origin, timeoutMs);
            return events.map((_, index) => known.get(index) ?? late);
          }),
        ]),
      );
      used.usedAtMs = clock.now();
      isSound = results.every(({ kind }) => kind === "accepted" || kind === "permanent");
      return results;
    } finally {
      if (!isSound) void drop(used);
    }
  };

  return {
    name,
    batch,
    async deliver(events, { signal }) {
      if (events.length === 0) return [];
      if (closing) return events.map(() => closed(origin));
      const turn = last.then(() =>
        signal.aborted ? events.map(() => runEnded(origin)) : attempt(events, signal),
      );
      last = turn.catch(() => {});
      return turn;
    },
    close: () => {
      closing ??= last.then(async () => {
        if (link) await drop(link);
      });
      return closing;
    },
  };
}

const never = new AbortController().signal;

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

const runEnded = (origin: string): Refusal => ({
  kind: "retry",
  reason: "timeout",
  detail: `${origin}: the run's time ended before a confirmation came`,
});

const tooSlow = (origin: string, timeoutMs: number): Refusal => ({
  kind: "retry",
  reason: "timeout",
  detail: `${origin}: no confirmation within ${timeoutMs} ms`,
});

const closed = (origin: string): Refusal => ({
  kind: "retry",
  reason: "network",
  detail: `${origin}: the sink is closed`,
});
