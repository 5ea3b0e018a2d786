import { Ledger } from "../checkpoint/ledger.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import { reinstate } from "../checkpoint/transitions.ts";
import type { Clock } from "../clock.ts";
import type { SinkName, StreamKey } from "../names.ts";
import type { DeadLetter, DeadLetterFilter, DeadLetterStore } from "./dead-letters.ts";

export interface RedriveDeps {
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  /** The configured sinks: a letter to any other stays where it is. */
  readonly sinks: ReadonlySet<SinkName>;
  readonly clock: Clock;
}

/**
 * Puts dead letters back into their streams' outboxes, each at its old place; the next run delivers them. A letter is
 * removed only once its outbox is stored: a crash between repeats an event under its id, and loses none.
 * @returns how many letters went back
 * @throws StoreError
 */
export async function redrive(deps: RedriveDeps, filter: DeadLetterFilter): Promise<number> {
  const letters = (await deps.deadLetters.list(filter)).filter(({ sink }) => deps.sinks.has(sink));
  let redriven = 0;
  for (const [stream, ofStream] of Map.groupBy(letters, (letter) => letter.stream)) {
    if (!(await putBack(deps, stream, ofStream))) continue;
    await deps.deadLetters.remove(ofStream.map(({ id }) => id));
    redriven += ofStream.length;
  }
  return redriven;
}

/** False when the stream's record was reset: there is no outbox to go back to. */
async function putBack(
  { checkpoints, clock }: RedriveDeps,
  stream: StreamKey,
  letters: readonly DeadLetter[],
): Promise<boolean> {
  const ledger = new Ledger(checkpoints, stream);
  if (!(await ledger.load())) return false;
  await ledger.commit((checkpoint) => ({ next: reinstate(checkpoint, letters, clock.now()) }));
  return true;
}
