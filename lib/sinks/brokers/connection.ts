import { withTimeLimit } from "../../async/deadline.ts";
import { inFlight } from "../../async/in-flight.ts";
import type { CloudEvent } from "../../change/event.ts";
import type { Clock } from "../../core/clock.ts";
import type { SinkName } from "../../core/names.ts";
import type { DeliveryResult, Refusal } from "../../core/result.ts";
import type { BatchLimits, Sink } from "../sink.ts";

/** Protocol-specific part of a sink that keeps a connection to a broker. */
export interface Broker<Connection> {
  /** Address that is safe to show to the operator. */
  readonly origin: string;
  /** Time limit of one attempt, from connecting to the last confirmation, milliseconds. */
  readonly timeoutMs: number;
  readonly batch: BatchLimits;
  /** Connects. Frees everything it opened when `signal` aborts, at any moment, including after it has resolved. */
  open(signal: AbortSignal): Promise<Connection>;
  /**
   * Returns a result for each event. Results already passed to `settle` count even when the rest comes too late.
   * Rejects with the client's error when all events failed for one reason.
   */
  send(
    connection: Connection,
    events: readonly CloudEvent[],
    settle: (index: number, result: DeliveryResult) => void,
  ): Promise<readonly DeliveryResult[]>;
  /** Maps a failure of `open` or `send` to a reason; null for an error that no broker causes, which is a defect. */
  refusal(error: unknown): Refusal | null;
  isLost(connection: Connection): boolean;
  /** Closes politely, where the protocol supports it. Sockets end with the signal that `open` got, whatever happens here. */
  close(connection: Connection): Promise<void>;
}

/** A connection idle for longer may be dead without notice: functions are frozen between their runs. */
const maxIdleMs = 30_000;

/** Maximum delay that a silent broker may add to the end of a run, milliseconds. */
const closeWithinMs = 2_000;

interface SharedConnection<Connection> {
  readonly opening: Promise<Connection>;
  /** Destroys all sockets, in any state. */
  readonly cut: () => void;
  /** Null while it is being opened. */
  connection: Connection | null;
  usedAtMs: number;
}

/**
 * A sink with one connection, opened by the first delivery and again after it was lost, idle or failed. The client's own
 * reconnecting and buffering stay off, since delivery/ decides on retries. Runs one attempt at a time.
 */
export function brokerSink<Connection>(name: SinkName, broker: Broker<Connection>, clock: Clock): Sink {
  const { origin, timeoutMs, batch } = broker;
  let link: SharedConnection<Connection> | null = null;
  let last: Promise<unknown> = Promise.resolve();

  const drop = async (dropped: SharedConnection<Connection>): Promise<void> => {
    if (link === dropped) link = null;
    const { opening, connection, cut } = dropped;
    // Errors are ignored: this connection is being abandoned anyway.
    const close = async (open: Connection): Promise<void> => broker.close(open).catch(() => {});
    if (connection)
      await withTimeLimit(null, closeWithinMs, (limit) => Promise.race([close(connection), ended(limit)]));
    else opening.then(close, () => {});
    cut();
  };

  const work = inFlight(async () => {
    if (link) await drop(link);
  });

  const connect = (): SharedConnection<Connection> => {
    const sockets = new AbortController();
    const made: SharedConnection<Connection> = {
      opening: broker.open(sockets.signal),
      cut: () => sockets.abort(),
      connection: null,
      usedAtMs: clock.now(),
    };
    made.opening.catch(made.cut);
    return made;
  };

  const current = (): SharedConnection<Connection> => {
    if (link) {
      const isIdle = clock.now() - link.usedAtMs > maxIdleMs;
      if (isIdle || (link.connection && broker.isLost(link.connection))) void drop(link);
    }
    link ??= connect();
    return link;
  };

  const exchange = async (
    used: SharedConnection<Connection>,
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
      if (work.isClosed) return events.map(() => closed(origin));
      const turn = last.then(() =>
        signal.aborted ? events.map(() => runEnded(origin)) : attempt(events, signal),
      );
      last = turn.catch(() => {});
      return work.track(turn);
    },
    close: work.close,
  };
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

const runEnded = (origin: string): Refusal => ({
  kind: "retry",
  reason: "timeout",
  detail: `${origin}: the run's time budget ended before a confirmation`,
});

const tooSlow = (origin: string, timeoutMs: number): Refusal => ({
  kind: "retry",
  reason: "timeout",
  detail: `${origin}: no confirmation within ${timeoutMs / 1_000} s`,
});

const closed = (origin: string): Refusal => ({
  kind: "retry",
  reason: "network",
  detail: `${origin}: the sink is closed`,
});
