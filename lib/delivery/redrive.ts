import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { Ledger } from "../checkpoint/ledger.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import { reinstate } from "../checkpoint/transitions.ts";
import type { Clock } from "../core/clock.ts";
import type { SinkName, StreamKey } from "../core/names.ts";
import { type DeadLetter, type DeadLetterFilter, type DeadLetterStore, letterId } from "./dead-letters.ts";

export interface RedriveDeps {
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  /** The configured sinks: a letter to any other stays where it is. */
  readonly sinks: ReadonlySet<SinkName>;
  /** Events a sink may be owed in one stream. */
  readonly maxBacklog: number;
  readonly clock: Clock;
}

export interface Redriven {
  /** Letters that went back. */
  readonly redriven: number;
  /** Letters that stay, since a backlog is full: the next run would give up its oldest. */
  readonly left: number;
}

/**
 * Puts dead letters back into their streams' outboxes, the oldest first, each at its old place; the next run delivers
 * them. A letter is removed only once its outbox is stored: a crash between repeats an event under its id, and loses none.
 * @throws StoreError
 */
export async function redrive(deps: RedriveDeps, filter: DeadLetterFilter): Promise<Redriven> {
  const letters = (await deps.deadLetters.list(filter)).filter(({ sink }) => deps.sinks.has(sink));
  let redriven = 0;
  let left = 0;
  for (const [stream, ofStream] of Map.groupBy(letters, (letter) => letter.stream)) {
    const back = await putBack(deps, stream, ofStream);
    if (back === null) continue;
    await deps.deadLetters.remove(back.map(({ id }) => id));
    redriven += back.length;
    left += ofStream.length - back.length;
  }
  return { redriven, left };
}

/** The letters that went back; null when the stream's record was reset: there is no outbox to go back to. */
async function putBack(
  { checkpoints, clock, maxBacklog }: RedriveDeps,
  stream: StreamKey,
  letters: readonly DeadLetter[],
): Promise<readonly DeadLetter[] | null> {
  const ledger = new Ledger(checkpoints, stream);
  if (!(await ledger.load())) return null;
  const planned = await ledger.commit((checkpoint) => {
    const back = fitting(checkpoint, letters, maxBacklog);
    return back.length === 0 ? null : { back, next: reinstate(checkpoint, back, clock.now()) };
  });
  return planned?.back ?? [];
}

/** The oldest letters of each sink, as many as its backlog has room for; what is owed already needs none. */
function fitting(
  { outbox }: Checkpoint,
  letters: readonly DeadLetter[],
  maxBacklog: number,
): readonly DeadLetter[] {
  const owed = new Set<string>();
  const counts = new Map<SinkName, number>();
  const owe = (id: string, sink: SinkName): void => {
    owed.add(id);
    counts.set(sink, (counts.get(sink) ?? 0) + 1);
  };
  for (const entry of outbox) for (const sink of entry.owed.keys()) owe(letterId(sink, entry.event), sink);
  return letters
    .toSorted((a, b) => a.sequence - b.sequence)
    .filter(({ id, sink }) => {
      if (owed.has(id)) return true;
      if ((counts.get(sink) ?? 0) >= maxBacklog) return false;
      owe(id, sink);
      return true;
    });
}
