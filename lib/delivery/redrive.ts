import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { Room, type RoomLimits } from "../checkpoint/room.ts";
import { CheckpointSession } from "../checkpoint/session.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import { reinstate } from "../checkpoint/transitions.ts";
import type { Clock } from "../core/clock.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import { type DeliveryEntry, deliveryEntry } from "../journal/entry.ts";
import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterStore,
  deadLetterId,
} from "./dead-letters.ts";

/** Parts that a redrive needs. */
export interface RedriveDeps extends Omit<RoomLimits, "sinks"> {
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  /** Configured sinks; dead letters of other sinks stay stored. */
  readonly sinks: ReadonlySet<SinkName>;
  readonly clock: Clock;
}

/** Result of a redrive. */
export interface Redriven {
  /** Dead letters made pending again. */
  readonly redriven: number;
  /** Dead letters that stay, because their record has no room now. */
  readonly left: number;
}

/**
 * Returns dead letters to their streams' outboxes, oldest first, each at its old place; the next run delivers them. A
 * dead letter is deleted after its outbox is stored: a crash in between repeats an event under its id and loses none.
 * @throws StoreError
 */
export async function redrive(deps: RedriveDeps, filter: DeadLetterFilter): Promise<Redriven> {
  const deadLetters = (await deps.deadLetters.list(filter)).filter(({ sink }) => deps.sinks.has(sink));
  let redriven = 0;
  let left = 0;
  for (const [stream, ofStream] of Map.groupBy(deadLetters, (deadLetter) => deadLetter.stream)) {
    const back = await putBack(deps, stream, ofStream);
    if (back === null) continue;
    await deps.deadLetters.remove(back.map(({ id }) => id));
    redriven += back.length;
    left += ofStream.length - back.length;
  }
  return { redriven, left };
}

/** The dead letters made pending again; null when the stream's record was reset and has no outbox. */
async function putBack(
  { checkpoints, clock, maxBacklog, maxBytes, sinks }: RedriveDeps,
  stream: StreamKey,
  deadLetters: readonly DeadLetter[],
): Promise<readonly DeadLetter[] | null> {
  const session = new CheckpointSession(checkpoints, stream);
  if (!(await session.load())) return null;
  const planned = await session.commit((checkpoint) => {
    const room = new Room(checkpoint, { maxBacklog, maxBytes, sinks: sinks.size });
    const back = fitting(checkpoint, deadLetters, room);
    if (back.length === 0) return null;
    const entries = back.map((deadLetter) => redrivenEntry(deadLetter, clock.now()));
    return { back, next: reinstate(checkpoint, back, clock.now()), entries };
  });
  return planned?.back ?? [];
}

const redrivenEntry = (deadLetter: DeadLetter, atMs: number): DeliveryEntry => {
  const { stream, event, sink, attempts: attempt } = deadLetter;
  return deliveryEntry({ atMs, stream, event, sink, attempt, outcome: "redriven", failure: deadLetter });
};

/** The oldest dead letters of each sink that the record has room for; events already in the outbox take none. */
function fitting(
  { outbox }: Checkpoint,
  deadLetters: readonly DeadLetter[],
  room: Room,
): readonly DeadLetter[] {
  const held = new Set<string>(outbox.map(({ event }) => event.id));
  const pending = new Set(
    outbox.flatMap(({ event, pending }) => Array.from(pending.keys(), (sink) => deadLetterId(sink, event))),
  );
  return deadLetters
    .toSorted((a, b) => a.sequence - b.sequence)
    .filter(({ id, sink, event }) => {
      if (pending.has(id)) return true;
      if (!room.take(sink, event, held.has(event.id))) return false;
      pending.add(id);
      held.add(event.id);
      return true;
    });
}
