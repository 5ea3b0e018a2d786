import type { Checkpoint, Outage } from "../checkpoint/checkpoint.ts";
import type { PartError } from "../core/errors.ts";
import { wordsOf } from "../status/streams.ts";
import { oneLine } from "../text/one-line.ts";
import { type GoneWord, withWord } from "./gone.ts";

/** What one run hears about its stream: whether it can be read, whether its instance exists, and the instance's name. */
export class Hearing {
  readonly #name: string | null;
  #word: GoneWord;
  /** Undefined while the run has not tried to read. */
  #outage: Outage | null | undefined;

  /** `name` is null where this run does not know it. */
  constructor(name: string | null) {
    this.#name = name;
  }

  /** The stream was read. */
  read(): void {
    this.#word = null;
    this.#outage = null;
  }

  /** The stream could not be read. */
  failed(error: PartError, nowMs: number): void {
    const { message, ...words } = wordsOf(error);
    this.#outage = { sinceMs: nowMs, ...words, message: oneLine(message) };
  }

  /** The instance was reported gone. */
  gone(saidMs: number): void {
    this.#word = saidMs;
  }

  get isRead(): boolean {
    return this.#word === null;
  }

  get isGone(): boolean {
    return typeof this.#word === "number";
  }

  /** Records what was heard; returns the same record when nothing changed. */
  on(checkpoint: Checkpoint): Checkpoint {
    const heard = withWord(checkpoint, this.#word);
    const outage = this.#outage === undefined ? heard.outage : lasting(heard.outage, this.#outage);
    const instanceName = this.#name ?? heard.instanceName;
    const isSame = outage === heard.outage && instanceName === heard.instanceName;
    return isSame ? heard : { ...heard, outage, instanceName };
  }
}

/** An outage keeps its begin, and its words while its code stays: each new sentence would be a write. */
function lasting(stored: Outage | null, outage: Outage | null): Outage | null {
  if (!stored || !outage) return outage;
  return stored.code === outage.code ? stored : { ...outage, sinceMs: stored.sinceMs };
}
