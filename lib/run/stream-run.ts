import type { Difference, DiffRules } from "../change/diff.ts";
import type { Checkpoint, Fence } from "../checkpoint/checkpoint.ts";
import { type WindowReach, withoutVoidInstants, withSoundWatermark } from "../checkpoint/instants.ts";
import { Ledger } from "../checkpoint/ledger.ts";
import { begin, type Receipt, settle, withFence, withTrouble } from "../checkpoint/transitions.ts";
import type { CallOptions } from "../core/clock.ts";
import type { PartError } from "../core/errors.ts";
import type { SinkName } from "../core/names.ts";
import { bury } from "../delivery/bury.ts";
import { isInstanceGone } from "../source/refusal.ts";
import { partError } from "../telemetry/defect.ts";
import { planSlice, type Slice } from "./commit-plan.ts";
import { type GoneWord, goneSnapshot, lostDifferences, withWord } from "./gone.ts";
import { fenceMarginMs, longestWaits } from "./longest-waits.ts";
import type { RunContext, StreamOutcome, StreamPlan } from "./plan.ts";
import { byApiClock, differencesOf, readSnapshot, type Snapshot } from "./snapshot.ts";

/** The state of one run of one stream. */
export class StreamRun {
  #error: PartError | null = null;
  readonly #plan: StreamPlan;
  readonly #context: RunContext;
  readonly #rules: DiffRules;
  readonly #ledger: Ledger;
  #snapshot: Snapshot | null = null;
  #word: GoneWord;
  #differences: readonly Difference[] = [];
  /** The record that `#differences` were made from. */
  #basis: Checkpoint | null = null;
  #receipts: Receipt[] = [];
  /** No attempt begins at or after this instant, and none is still in flight a second later. */
  #stopAtMs = 0;
  #changes = 0;
  readonly #accepted = new Map<SinkName, number>();
  readonly #filtered = new Map<SinkName, number>();
  readonly #deadLettered = new Map<SinkName, number>();

  constructor(plan: StreamPlan, context: RunContext) {
    this.#plan = plan;
    this.#context = context;
    const longest = longestWaits(plan.rules, context.timeBudgetMs);
    this.#ledger = new Ledger(context.checkpoints, plan.rules.stream, (found) =>
      withoutVoidInstants(found, context.clock.now(), longest),
    );
    this.#rules = {
      nowMs: context.clock.now(),
      overdueAfterMs: plan.overdueAfterMs,
      baselineMs: null,
      maxOpenAgeMs: plan.rules.maxOpenAgeMs,
    };
  }

  /**
   * Loads the record; a new stream's is stored before anything is read, so that its first instant outlives a crash.
   * False when there is none and none to be made.
   */
  async load(): Promise<boolean> {
    const { source, startFrom, rules } = this.#plan;
    if (source === null) return (await this.#ledger.load()) !== null;
    await this.#ledger.open(() => begin(startFrom, this.#context.clock.now(), rules.maxOpenAgeMs));
    return true;
  }

  /** Reads the window. A stream that cannot be read still delivers what it owes. */
  async list(options: CallOptions): Promise<void> {
    const { stream, source, absentMs } = this.#plan;
    const { log, clock } = this.#context;
    if (absentMs !== undefined) this.#hearGone(absentMs);
    if (source === null) return;
    const place = { stream, source, log, clock, reach: this.#reach };
    try {
      this.#snapshot = await readSnapshot(
        place,
        this.#checkpoint,
        this.#diffRules(this.#checkpoint),
        options,
      );
      this.#word = null;
    } catch (error) {
      this.fail(error);
      if (isInstanceGone(error)) this.#hearGone(this.#context.clock.now());
    }
  }

  #hearGone(saidMs: number): void {
    this.#word = saidMs;
    this.#snapshot = goneSnapshot(this.#checkpoint, saidMs, this.#context.clock.now());
  }

  /** Ends with this error what it came from; the other steps of the run go on as far as they can. */
  fail(error: unknown): void {
    this.#error = partError(this.#context.log, { stream: this.#plan.rules.stream }, error);
  }

  /** Starts the time budget, and returns when it ends. A long listing does not use it up: it could never be finished. */
  startDelivering(): number {
    this.#stopAtMs = this.#context.clock.now() + this.#context.timeBudgetMs;
    return this.#stopAtMs;
  }

  get owed(): number {
    return this.#checkpoint.outbox.length;
  }

  hasMoreToCommit(): boolean {
    return this.#differences.length > 0;
  }

  /** Commits the next slice with the events it owes, and with the receipts of the slice before. */
  async commitChanges(): Promise<void> {
    const slice = await this.#commit((checkpoint) => this.#nextSlice(checkpoint));
    if (!slice) return;
    this.#differences = this.#differences.slice(slice.taken);
    this.#basis = slice.next;
    this.#changes += slice.events.length;
    for (const [sink, count] of slice.filtered) add(this.#filtered, sink, count);
    for (const { sink } of slice.letters) add(this.#deadLettered, sink, 1);
    for (const event of slice.events) this.#context.observer.committed(this.#plan.rules.stream, event);
  }

  /** Whether this run holds the outbox. */
  holdsOutbox(): boolean {
    return this.#checkpoint.fence?.run === this.#context.run;
  }

  /** Sends what is due, all sinks side by side, if this run holds the outbox. */
  async deliver(options: CallOptions): Promise<void> {
    const { dispatchers, deadLetters, observer } = this.#context;
    const checkpoint = this.#checkpoint;
    if (!this.holdsOutbox()) return;
    await Promise.all(
      Array.from(dispatchers, async ([name, dispatcher]) => {
        const trouble = checkpoint.trouble.get(name);
        if (trouble) dispatcher.channel.recall(trouble);
        const dispatched = await dispatcher.dispatch(
          {
            stream: this.#plan.rules.stream,
            record: checkpoint,
            stopAtMs: this.#stopAtMs,
            attempted: ({ event }, result) => observer.attempted(name, event, result),
          },
          options,
        );
        const { sent, error } = await bury(dispatched, deadLetters);
        if (error) this.fail(error);
        add(this.#accepted, name, sent.accepted);
        add(this.#deadLettered, name, sent.deadLetters.length);
        this.#receipts.push(...sent.receipts);
      }),
    );
  }

  /** Commits what the last delivery settled, and gives the outbox free. */
  async settle(): Promise<void> {
    if (this.#receipts.length === 0 && !this.holdsOutbox()) return;
    await this.#commit((checkpoint) => ({
      next: this.#released(settle(checkpoint, this.#receipts)),
      letters: [],
    }));
  }

  outcome(): StreamOutcome {
    return {
      snapshot: this.#snapshot,
      changes: this.#changes,
      accepted: this.#accepted,
      filtered: this.#filtered,
      deadLettered: this.#deadLettered,
      checkpoint: this.#ledger.checkpoint,
      error: this.#error,
    };
  }

  get #checkpoint(): Checkpoint {
    const { checkpoint } = this.#ledger;
    if (!checkpoint) throw new Error("the stream's record is not loaded");
    return checkpoint;
  }

  /** Null when there is nothing to write. */
  #nextSlice(stored: Checkpoint): Slice | null {
    const nowMs = this.#context.clock.now();
    const apiNowMs = this.#snapshot?.apiNowMs ?? nowMs;
    const checkpoint = this.#snapshot
      ? withSoundWatermark(stored, { oursMs: nowMs, apiMs: apiNowMs }, this.#reach)
      : stored;
    if (this.#snapshot && this.#basis !== checkpoint) {
      const rules = this.#diffRules(checkpoint);
      const isGone = typeof this.#word === "number";
      this.#differences = isGone
        ? lostDifferences(checkpoint, rules)
        : differencesOf(this.#snapshot, checkpoint, rules);
      this.#basis = checkpoint;
    }
    const settled = withWord(settle(checkpoint, this.#receipts), this.#word);
    const isFirst = checkpoint.baselineMs !== null && this.#snapshot !== null;
    const isChanged = isFirst || settled !== stored || this.#ledger.isMended;
    // The idle run, which is most of them, plans nothing: a plan costs the size of the record.
    const isBare = this.#differences.length === 0 && settled.outbox.length === 0;
    if (isBare && !isChanged) return null;
    const isHeld = this.#isHeldByOther(settled, nowMs);
    const fence = isHeld ? checkpoint.fence : this.#fenceFor(settled, nowMs);
    const slice = planSlice(settled, this.#differences, this.#snapshot?.unreadMs ?? null, this.#plan.rules, {
      nowMs,
      apiNowMs,
      fence,
      mayTrim: !isHeld,
    });
    const isIdle = slice.taken === 0 && slice.letters.length === 0 && !isChanged;
    if (isIdle && fence === checkpoint.fence) return null;
    return slice;
  }

  #isHeldByOther({ fence }: Checkpoint, nowMs: number): boolean {
    return fence !== null && fence.run !== this.#context.run && fence.untilMs > nowMs;
  }

  /** This run's own where something may be sent; else it stays as it is. */
  #fenceFor(checkpoint: Checkpoint, nowMs: number): Fence | null {
    const { run } = this.#context;
    const { outbox, trouble, fence } = checkpoint;
    const tells = this.#differences.some(({ changes }) => changes.length > 0);
    const isAnythingDue = (): boolean =>
      this.#context.dispatchers
        .entries()
        .some(([sink, dispatcher]) => dispatcher.mayDeliver(outbox, trouble.get(sink) ?? null, nowMs));
    if (fence?.run === run || !(tells || isAnythingDue())) return fence;
    return { run, untilMs: this.#stopAtMs + fenceMarginMs };
  }

  #released(checkpoint: Checkpoint): Checkpoint {
    const owedTo = new Set(checkpoint.outbox.flatMap(({ owed }) => [...owed.keys()]));
    const states = new Map(
      Array.from(this.#context.dispatchers, ([sink, { channel }]) => [
        sink,
        owedTo.has(sink) ? channel.trouble : null,
      ]),
    );
    const known = withTrouble(checkpoint, states);
    return known.fence?.run === this.#context.run ? withFence(known, null) : known;
  }

  /** Dead letters are stored before the record that no longer owes them. */
  async #commit<Plan extends Pick<Slice, "next" | "letters">>(
    plan: (checkpoint: Checkpoint) => Plan | null,
  ): Promise<Plan | null> {
    const planned = await this.#ledger.commit(plan, async ({ letters }) => {
      if (letters.length > 0) await this.#context.deadLetters.put(letters);
    });
    if (planned) this.#receipts = [];
    return planned;
  }

  /** The baseline is an instant of our clock; what it is compared with bears the API's. */
  #diffRules({ baselineMs }: Checkpoint): DiffRules {
    const rules = { ...this.#rules, baselineMs };
    return this.#snapshot ? byApiClock(rules, this.#snapshot) : rules;
  }

  get #reach(): WindowReach {
    const { startFrom, rules } = this.#plan;
    return { ...rules, startMs: typeof startFrom === "object" ? startFrom.instantMs : null };
  }
}

const add = (counts: Map<SinkName, number>, sink: SinkName, count: number): void => {
  if (count > 0) counts.set(sink, (counts.get(sink) ?? 0) + count);
};
