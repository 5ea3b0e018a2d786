import { StoreError } from "../core/errors.ts";
import type { StreamKey } from "../core/names.ts";
import type { JournalEntry } from "../journal/entry.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { CheckpointStore, Stored } from "./store.ts";

const maxLostRaces = 20;

/** A planned commit. */
export interface PlannedCommit {
  readonly next: Checkpoint;
  /** For the journal. @default none */
  readonly entries?: readonly JournalEntry[];
}

/** One writer's session on one stream's record. It holds the version last seen and commits the next. */
export class CheckpointSession {
  readonly #store: CheckpointStore;
  readonly #stream: StreamKey;
  readonly #sound: (found: Checkpoint) => Checkpoint;
  #stored: Stored | null = null;
  #isMended = false;

  /** Starts a session. `sound` repairs a record after it was read. */
  constructor(
    store: CheckpointStore,
    stream: StreamKey,
    sound: (found: Checkpoint) => Checkpoint = (found) => found,
  ) {
    this.#store = store;
    this.#stream = stream;
    this.#sound = sound;
  }

  /** Null until a record is loaded. */
  get checkpoint(): Checkpoint | null {
    return this.#stored?.checkpoint ?? null;
  }

  /** Whether the record in memory was repaired and differs from the stored one. */
  get isMended(): boolean {
    return this.#isMended;
  }

  /**
   * Loads the record; null when the stream has none.
   * @throws StoreError
   */
  async load(): Promise<Checkpoint | null> {
    const found = await this.#store.load(this.#stream);
    this.#stored = found && { ...found, checkpoint: this.#sound(found.checkpoint) };
    this.#isMended = this.checkpoint !== (found?.checkpoint ?? null);
    return this.checkpoint;
  }

  /**
   * Loads the record, or stores the first one.
   * @throws StoreError
   */
  async open(first: () => Checkpoint): Promise<Checkpoint> {
    const found = await this.load();
    if (found) return found;
    await this.#store.commit(this.#stream, first(), null);
    return this.#reload();
  }

  /**
   * Commits the record that `plan` returns (null: nothing to write). After a conflict it loads the newer record and
   * plans again. `before` runs between a plan and its commit.
   * @throws StoreError
   */
  async commit<Plan extends PlannedCommit>(
    plan: (checkpoint: Checkpoint) => Plan | null,
    before: (plan: Plan) => Promise<void> = async () => {},
  ): Promise<Plan | null> {
    let checkpoint = this.checkpoint ?? (await this.#reload());
    for (let race = 0; race < maxLostRaces; race += 1) {
      const planned = plan(checkpoint);
      if (!planned) return null;
      await before(planned);
      const expected = this.#stored?.version ?? null;
      const result = await this.#store.commit(this.#stream, planned.next, expected, planned.entries);
      if (result.kind === "committed") {
        this.#stored = { checkpoint: planned.next, version: result.version };
        this.#isMended = false;
        return planned;
      }
      checkpoint = await this.#reload();
    }
    throw new StoreError("unavailable", `${maxLostRaces} commits in a row lost the race against other runs`);
  }

  async #reload(): Promise<Checkpoint> {
    const checkpoint = await this.load();
    if (!checkpoint) throw new StoreError("unavailable", "the record was removed while it was in use");
    return checkpoint;
  }
}
