import type { Checkpoint, Outage } from "../checkpoint/checkpoint.ts";
import type { PartError } from "../core/errors.ts";
import { wordsOf } from "../status/streams.ts";
import { oneLine } from "../text/one-line.ts";
import type { CommitRules } from "./commit-plan.ts";
import { type GoneReport, withGoneReport } from "./gone.ts";

type NewsRules = Pick<CommitRules, "context" | "unreadableAfterMs">;

/** News of one run about its stream: whether it can be read, whether its instance exists, and the instance's name. */
export class StreamNews {
  readonly #rules: NewsRules;
  #gone: GoneReport;
  /** Undefined while the run has not tried to read. */
  #outage: Outage | null | undefined;

  constructor(rules: NewsRules) {
    this.#rules = rules;
  }

  /** The stream was read. */
  read(): void {
    this.#gone = null;
    this.#outage = null;
  }

  /** The stream could not be read. */
  failed(error: PartError, nowMs: number): void {
    const { message, ...words } = wordsOf(error);
    this.#outage = { sinceMs: nowMs, ...words, message: oneLine(message), emittedMs: null };
  }

  /** The instance was reported gone. */
  gone(saidMs: number): void {
    this.#gone = saidMs;
  }

  get isRead(): boolean {
    return this.#gone === null;
  }

  get isGone(): boolean {
    return typeof this.#gone === "number";
  }

  /** Adds the news to a record, and whether an outage has lasted too long. Returns the same record when nothing changed. */
  addedTo(checkpoint: Checkpoint, nowMs: number): Checkpoint {
    const reported = withGoneReport(checkpoint, this.#gone);
    const { context, unreadableAfterMs } = this.#rules;
    const found = this.#outage === undefined ? reported.outage : lasting(reported.outage, this.#outage);
    // A run that did not try to read, as one that is stopped, knows nothing of the outage's length.
    const isTooLong =
      this.#outage && found && unreadableAfterMs !== null && nowMs - found.sinceMs >= unreadableAfterMs;
    const outage = isTooLong && found.emittedMs === null ? { ...found, emittedMs: found.sinceMs } : found;
    const instanceName = context.instanceName ?? reported.instanceName;
    const isSame = outage === reported.outage && instanceName === reported.instanceName;
    return isSame ? reported : { ...reported, outage, instanceName };
  }
}

/** An outage keeps its begin, and its words while its code stays: each new sentence would be a write. */
function lasting(stored: Outage | null, outage: Outage | null): Outage | null {
  if (!stored || !outage) return outage;
  return stored.code === outage.code
    ? stored
    : { ...outage, sinceMs: stored.sinceMs, emittedMs: stored.emittedMs };
}
