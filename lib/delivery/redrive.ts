import type { CheckpointStore } from "../checkpoint/store.ts";
import { reinstate } from "../checkpoint/transitions.ts";
import type { Clock } from "../clock.ts";
import { StoreError } from "../errors.ts";
import type { SinkName, StreamKey } from "../names.ts";
import type { DeadLetter, DeadLetterFilter, DeadLetterStore } from "./dead-letters.ts";

const maxLostRaces = 20;

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
  for (let race = 0; race < maxLostRaces; race += 1) {
    const stored = await checkpoints.load(stream);
    if (!stored) return false;
    const next = reinstate(stored.checkpoint, letters, clock.now());
    const result = await checkpoints.commit(stream, next, stored.version);
    if (result.kind === "committed") return true;
  }
  throw new StoreError("unavailable", `${maxLostRaces} commits in a row lost the race against other runs`);
}
