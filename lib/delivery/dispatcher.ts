import type { Checkpoint, OutboxEntry, Owed } from "../checkpoint/checkpoint.ts";
import { isReference, messagesOf } from "../checkpoint/messages.ts";
import type { Receipt } from "../checkpoint/transitions.ts";
import type { CallOptions, Clock, Random } from "../clock.ts";
import { type StreamKey, taskId } from "../names.ts";
import type { DeliverOptions, DeliveryResult } from "../sinks/sink.ts";
import type { Log } from "../telemetry/log.ts";
import type { Channel } from "./channel.ts";
import { type DeadLetter, letterOf } from "./dead-letters.ts";
import { Lane, type Parcel } from "./lane.ts";
import { decide } from "./retry.ts";

export interface Dispatch {
  readonly stream: StreamKey;
  readonly record: Pick<Checkpoint, "outbox" | "messages">;
  readonly channel: Channel;
  /** No attempt begins at or after this instant. */
  readonly stopAtMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly attempted: (entry: OutboxEntry, result: DeliveryResult) => void;
}

export interface Dispatched {
  /** One for each delivery that was tried. */
  readonly receipts: readonly Receipt[];
  readonly accepted: number;
  readonly deadLetters: readonly DeadLetter[];
}

/** Sends one sink what one stream owes it, as far as order, limits and time allow. Never rejects. */
export async function dispatch(work: Dispatch, options: CallOptions): Promise<Dispatched> {
  const { channel, clock, stopAtMs } = work;
  const lane = new Lane(work.record.outbox, channel.sink.name);
  const outcome = { receipts: new Map<number, Receipt>(), accepted: 0, deadLetters: [] as DeadLetter[] };
  const messages = messagesOf(work.record.messages, channel.sink.name);
  const triedInRun = new Map<number, number>();
  const underWay = new Set<Promise<void>>();
  /** Told when one that was under way has ended. */
  let ended = Promise.withResolvers<void>();

  const send = async (parcels: readonly Parcel[]): Promise<void> => {
    const answers = await attempt(work, parcels, { ...options, messages });
    const results = parcels.map((parcel, index) => {
      const result = answers[index] ?? unanswered;
      conclude(parcel, result);
      return result;
    });
    // An attempt that the end of the run cut off says nothing of the sink.
    channel.leave(options.signal.aborted ? results.filter(({ kind }) => kind === "accepted") : results);
  };

  const conclude = (parcel: Parcel, result: DeliveryResult): void => {
    const { entry, owed } = parcel;
    const nowMs = clock.now();
    const attempts = owed.attempts + 1;
    const inRun = (triedInRun.get(entry.sequence) ?? 0) + 1;
    triedInRun.set(entry.sequence, inRun);
    work.attempted(entry, result);
    const decision = decide(
      result,
      { attempts, ageMs: nowMs - entry.committedAtMs, nowMs },
      channel.policy,
      work.random,
    );
    if (decision.kind === "wait") {
      // What the end of the run cut off waits for the next run, and for nothing else.
      const next = options.signal.aborted ? { attempts, nextAttemptMs: 0 } : decision.owed;
      note(entry, next);
      const again = inRun < channel.policy.attemptsPerRun && next.nextAttemptMs < stopAtMs;
      if (again) lane.reschedule(parcel, next);
      return;
    }
    const message = result.kind === "accepted" && isReference(result.message) ? result.message : undefined;
    note(entry, null, message);
    // A later change of the task may go in this very run.
    if (message !== undefined) messages.set(taskId(entry.event.subject), message);
    if (decision.kind === "settle") {
      outcome.accepted += 1;
      lane.settle(parcel);
      return;
    }
    // Until its letter is stored it is owed: it is not settled here, so later events of its task do not overtake it.
    outcome.deadLetters.push(
      letterOf(work.stream, channel.sink.name, entry, { ...decision, attempts, nowMs }),
    );
  };

  const note = (entry: OutboxEntry, owed: Owed | null, message?: string): void => {
    const receipt = { sequence: entry.sequence, sink: channel.sink.name, owed };
    outcome.receipts.set(entry.sequence, message === undefined ? receipt : { ...receipt, message });
  };

  while (!options.signal.aborted && clock.now() < stopAtMs && channel.state !== "closed") {
    if (lane.isReady(clock.now(), channel.state === "doubtful")) {
      if (!(await channel.enter(stopAtMs, options))) break;
      const parcels =
        channel.state === "doubtful" ? lane.probe() : lane.take(clock.now(), channel.sink.batch);
      if (parcels.length === 0) {
        channel.leave([]);
        continue;
      }
      channel.charge(parcels.length);
      const sending = send(parcels);
      underWay.add(sending);
      void sending.then(() => {
        underWay.delete(sending);
        ended.resolve();
      });
    } else if (underWay.size > 0) {
      ended = Promise.withResolvers();
      await ended.promise;
    } else {
      const dueMs = lane.nextDueMs();
      if (dueMs === null || dueMs >= stopAtMs) break;
      await clock.sleep(dueMs - clock.now(), options.signal);
    }
  }
  await Promise.all(underWay);
  return { ...outcome, receipts: [...outcome.receipts.values()] };
}

const unanswered: DeliveryResult = {
  kind: "blocked",
  reason: "defect",
  detail: "the sink left events unanswered",
};

/** A sink that throws is broken, and must not take the run of the others with it. */
async function attempt(
  { channel, log }: Dispatch,
  parcels: readonly Parcel[],
  options: DeliverOptions,
): Promise<readonly DeliveryResult[]> {
  const { sink } = channel;
  try {
    return await sink.deliver(
      parcels.map(({ entry }) => entry.event),
      options,
    );
  } catch (error) {
    if (options.signal.aborted) return parcels.map(() => cutOff);
    const name = error instanceof Error ? error.name : typeof error;
    log("error", "a sink threw instead of answering", { sink: sink.name, error: name });
    log("debug", "the sink's error", {
      sink: sink.name,
      stack: error instanceof Error ? (error.stack ?? null) : null,
    });
    return parcels.map(() => ({ kind: "blocked", reason: "defect", detail: `the sink threw ${name}` }));
  }
}

const cutOff: DeliveryResult = {
  kind: "retry",
  reason: "timeout",
  detail: "the run's time budget ended first",
};
