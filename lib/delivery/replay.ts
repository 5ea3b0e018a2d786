import type { CloudEvent } from "../change/event.ts";
import { untried } from "../checkpoint/checkpoint.ts";
import type { Clock } from "../core/clock.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import type { DeliveryEntry } from "../journal/entry.ts";
import type { SinkDispatcher } from "./sink-dispatcher.ts";
import type { Dispatch } from "./stream-delivery.ts";

/** An event to send again. */
export interface ReplayEvent {
  readonly stream: StreamKey;
  readonly event: CloudEvent;
}

/** A replay to one sink. */
export interface ReplayWork {
  readonly dispatcher: SinkDispatcher;
  /** In the order of the changes. */
  readonly events: readonly ReplayEvent[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called at once when the sink has taken an event. It must not throw. */
  readonly accepted: (event: CloudEvent) => void;
  /** Called after each batch with its attempts, before the next batch starts. */
  readonly attempted: (entries: readonly DeliveryEntry[]) => Promise<void>;
}

/** Result of a replay. */
export interface Replayed {
  readonly accepted: number;
  /** Events that the sink will never take. */
  readonly refused: number;
  /** Events that were not accepted yet: another replay continues with them. */
  readonly left: number;
}

/** Events given to the dispatcher at once. */
const batchSize = 100;
/** Longest time for one batch, milliseconds: longer than the waits between its attempts. */
const batchMs = 3_600_000;

/**
 * Sends events to one sink again, past its outbox: no record changes. In the order of each task's changes: an event that
 * is not accepted holds back the later ones of its task. Ends early when the sink fails.
 */
export async function replay(work: ReplayWork): Promise<Replayed> {
  const { dispatcher, events, signal, attempted } = work;
  const sink = dispatcher.breaker.sink.name;
  const held = new Set<string>();
  let accepted = 0;
  let refused = 0;
  for (let at = 0; at < events.length; at += batchSize) {
    if (signal.aborted || dispatcher.breaker.state === "open") break;
    const batch = events.slice(at, at + batchSize).filter((each) => !held.has(taskKey(each)));
    const entries = await sendBatch(batch, sink, work);
    const taken = new Set(entries.flatMap(({ outcome, eventId }) => (outcome === "accepted" ? eventId : [])));
    for (const each of batch) if (!taken.has(each.event.id)) held.add(taskKey(each));
    accepted += taken.size;
    refused += entries.filter(({ outcome }) => outcome === "dead-lettered").length;
    await attempted(entries.map((entry) => ({ ...entry, isReplay: true })));
  }
  return { accepted, refused, left: events.length - accepted - refused };
}

const taskKey = ({ stream, event }: ReplayEvent): string => `${stream} ${event.subject}`;

async function sendBatch(
  batch: readonly ReplayEvent[],
  sink: SinkName,
  { dispatcher, clock, signal, accepted }: ReplayWork,
): Promise<readonly DeliveryEntry[]> {
  const nowMs = clock.now();
  const streams = Map.groupBy(batch, ({ stream }) => stream);
  const sent = await Promise.all(
    Array.from(streams, ([stream, ofStream]) => {
      const outbox = ofStream.map(({ event }, sequence) => ({
        sequence,
        event,
        committedAtMs: nowMs,
        pending: new Map([[sink, untried]]),
      }));
      const record = { outbox, messages: new Map() };
      const work: Dispatch = {
        stream,
        record,
        agingMs: () => nowMs,
        stopAtMs: nowMs + batchMs,
        attempted: ({ event }, { kind }) => {
          if (kind === "accepted") accepted(event);
        },
      };
      return dispatcher.dispatch(work, { signal });
    }),
  );
  return sent.flatMap(({ entries }) => entries);
}
