import type { Difference, DiffRules } from "../change/diff.ts";
import { eventBytes } from "../change/event.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import {
  type WindowReach,
  withoutVoidInstants,
  withSoundAges,
  withSoundWatermark,
} from "../checkpoint/instants.ts";
import { batchesDue, batchesToFill } from "../checkpoint/parking.ts";
import { owes } from "../checkpoint/pending.ts";
import { CheckpointSession } from "../checkpoint/session.ts";
import { begin, type Receipt, settle } from "../checkpoint/transitions.ts";
import type { CallOptions } from "../core/clock.ts";
import { type PartError, SourceError, StoreError } from "../core/errors.ts";
import type { SinkName } from "../core/names.ts";
import { isInstanceGone } from "../source/error-response.ts";
import { partError } from "../telemetry/defect.ts";
import { type CommitPlan, planCommit } from "./commit-plan.ts";
import { Deliveries, enoughReceipts } from "./deliveries.ts";
import { type GoneWord, goneSnapshot, lostDifferences, withWord } from "./gone.ts";
import { longestWaits } from "./longest-waits.ts";
import { OutboxLease } from "./outbox-lease.ts";
import { ParkedBatches } from "./parked-batches.ts";
import type { RunContext, StreamOutcome, StreamPlan } from "./plan.ts";
import { byApiClock, differencesOf, readSnapshot, type Snapshot } from "./snapshot.ts";
import { Tally } from "./tally.ts";

/** Approximate memory of one task. */
const taskBytes = 512;

/** One run of one stream: what was read, and how much of it is committed. */
export class StreamRun {
  readonly #plan: StreamPlan;
  readonly #context: RunContext;
  readonly #rules: DiffRules;
  readonly #session: CheckpointSession;
  readonly #batches: ParkedBatches;
  readonly #tally = new Tally();
  #lease: OutboxLease;
  #error: PartError | null = null;
  #snapshot: Snapshot | null = null;
  #word: GoneWord;
  /** API clock minus local clock, milliseconds, from this stream's responses and refusals; null before the first. */
  #skewMs: number | null = null;
  #differences: readonly Difference[] = [];
  /** The record that `#differences` were computed from. */
  #base: Checkpoint | null = null;
  /** Receipts not committed yet. */
  #receipts: readonly Receipt[] = [];

  constructor(plan: StreamPlan, context: RunContext) {
    const { stream } = plan.rules;
    this.#plan = plan;
    this.#context = context;
    const longest = longestWaits(plan.rules, context.timeBudgetMs);
    this.#session = new CheckpointSession(context.checkpoints, stream, (found) =>
      withoutVoidInstants(found, context.clock.now(), longest),
    );
    this.#rules = {
      nowMs: context.clock.now(),
      overdueAfterMs: plan.overdueAfterMs,
      baselineMs: null,
      maxOpenAgeMs: plan.rules.maxOpenAgeMs,
    };
    this.#batches = new ParkedBatches({ ...context, stream, failed: (error) => this.fail(error) });
    this.#lease = new OutboxLease(context, 0);
  }

  /**
   * Loads the record. A new stream's record is stored before anything is read, so that its first instant survives a
   * crash. False when there is no record and none is to be created.
   */
  async load(): Promise<boolean> {
    const { source, startFrom, sinceMs = Number.POSITIVE_INFINITY, rules } = this.#plan;
    if (source === null) return (await this.#session.load()) !== null;
    const fromMs = Math.min(sinceMs, this.#context.clock.now());
    await this.#session.open(() => begin(startFrom, fromMs, rules.maxOpenAgeMs));
    return true;
  }

  /** Reads the window. A stream that cannot be read still delivers its pending events. */
  async list(options: CallOptions): Promise<void> {
    const { stream, source, absentMs } = this.#plan;
    const { log, clock } = this.#context;
    if (absentMs !== undefined) this.#noteGone(absentMs);
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
      this.#skewMs = this.#snapshot.clockSkewMs;
    } catch (error) {
      this.fail(error);
      if (error instanceof SourceError) this.#skewMs = error.clockSkewMs;
      if (isInstanceGone(error)) this.#noteGone(this.#context.clock.now());
    }
  }

  #noteGone(saidMs: number): void {
    this.#word = saidMs;
    this.#snapshot = goneSnapshot(this.#checkpoint, saidMs, this.#context.clock.now());
  }

  /** Reports an error of one part; the other steps of the run continue as far as possible. */
  fail(error: unknown): void {
    this.#error = partError(this.#context.log, { stream: this.#plan.rules.stream }, error);
  }

  /**
   * Starts the time budget and returns its end, epoch milliseconds. Listing does not use it up: a long one could never
   * finish.
   */
  startDelivering(): number {
    this.#lease = new OutboxLease(this.#context, this.#context.clock.now() + this.#context.timeBudgetMs);
    return this.#lease.stopAtMs;
  }

  /** Approximate memory in use. */
  get heldBytes(): number {
    const { outbox, known } = this.#checkpoint;
    const tasks = known.size + (this.#snapshot?.tasks.size ?? 0);
    return outbox.reduce((sum, { event }) => sum + eventBytes(event), tasks * taskBytes);
  }

  get hasMoreToCommit(): boolean {
    return this.#differences.length > 0;
  }

  /** Opens the deliveries to all sinks while the run holds the outbox. */
  openDeliveries(options: CallOptions): Deliveries {
    const { stream } = this.#plan.rules;
    return new Deliveries(
      {
        ...this.#context,
        stream,
        agingMs: () => this.#agingMs,
        stopAtMs: this.#lease.stopAtMs,
        tally: this.#tally,
        failed: (error) => this.fail(error),
      },
      options,
    );
  }

  /** Gives committed events to the sinks, if this run holds the outbox. */
  giveTo(deliveries: Deliveries): void {
    if (this.#lease.isMine(this.#checkpoint)) deliveries.give(this.#checkpoint);
  }

  /** Keeps receipts for the next commit. */
  note(receipts: readonly Receipt[]): void {
    this.#receipts = [...this.#receipts, ...receipts];
  }

  /**
   * Commits the next changes with their events, the receipts and the parked deliveries that return. False when there
   * was nothing worth a commit.
   */
  async commitNext(): Promise<boolean> {
    const settled = settle(this.#checkpoint, this.#receipts);
    await this.#batches.fetch([
      ...batchesDue(settled, this.#plan.rules),
      ...(this.hasMoreToCommit ? batchesToFill(settled) : []),
    ]);
    const planned = await this.#commit((checkpoint) => this.#nextCommit(checkpoint));
    if (!planned) return false;
    this.#differences = this.#differences.slice(planned.taken);
    this.#base = planned.next;
    this.#tally.changes += planned.events.length;
    for (const [sink, count] of planned.filtered) this.#tally.add("filtered", sink, count);
    for (const { sink } of planned.deadLetters) this.#tally.add("deadLettered", sink, 1);
    for (const [sink, count] of planned.lost) this.fail(lostError(sink, count));
    for (const event of planned.events) this.#context.observer.committed?.(this.#plan.rules.stream, event);
    return true;
  }

  /** Commits the remaining receipts and releases the outbox. */
  async settle(): Promise<void> {
    const loaded = this.#session.checkpoint;
    if (!loaded || (this.#receipts.length === 0 && !this.#lease.isMine(loaded))) return;
    await this.#commit((checkpoint) => ({
      next: this.#lease.released(settle(checkpoint, this.#receipts)),
      deadLetters: [],
      written: new Map(),
    }));
  }

  outcome(): StreamOutcome {
    const { changes, accepted, filtered, deadLettered } = this.#tally;
    return {
      snapshot: this.#snapshot,
      changes,
      accepted,
      filtered,
      deadLettered,
      checkpoint: this.#session.checkpoint,
      error: this.#error,
    };
  }

  get #checkpoint(): Checkpoint {
    const { checkpoint } = this.#session;
    if (!checkpoint) throw new Error("the stream's record is not loaded");
    return checkpoint;
  }

  /** Null when there is nothing worth a write. */
  #nextCommit(stored: Checkpoint): CommitPlan | null {
    const nowMs = this.#context.clock.now();
    const apiNowMs = this.#snapshot?.apiNowMs ?? nowMs;
    const checkpoint = this.#snapshot
      ? withSoundAges(
          withSoundWatermark(stored, { oursMs: nowMs, apiMs: apiNowMs }, this.#reach),
          Math.max(nowMs, apiNowMs),
        )
      : stored;
    if (this.#snapshot && this.#base !== checkpoint) {
      const rules = this.#diffRules(checkpoint);
      const isGone = typeof this.#word === "number";
      this.#differences = isGone
        ? lostDifferences(checkpoint, rules)
        : differencesOf(this.#snapshot, checkpoint, rules);
      this.#base = checkpoint;
    }
    const isFirst = checkpoint.baselineMs !== null && this.#snapshot !== null;
    // Most runs are idle and plan nothing: a plan costs time in proportion to the record's size.
    const heard = withWord(checkpoint, this.#word);
    const mustWrite =
      isFirst || heard !== stored || this.#session.isMended || this.#receipts.length >= enoughReceipts;
    if (!mustWrite && !this.hasMoreToCommit && !owes(checkpoint)) return null;
    const settled = settle(heard, this.#receipts);
    const emits = this.#differences.some(({ changes }) => changes.length > 0);
    const planned = planCommit(
      settled,
      this.#differences,
      this.#snapshot?.unreadMs ?? null,
      this.#plan.rules,
      {
        agingMs: this.#agingMs,
        nowMs,
        apiNowMs,
        leaseFor: (base) => this.#lease.leaseFor(base, emits),
        isOthers: this.#lease.isOthers(settled),
        atHand: this.#batches.atHand,
        newBatchId: this.#batches.newId,
      },
    );
    const isIdle = planned.taken === 0 && !planned.movesDeliveries && planned.next.lease === checkpoint.lease;
    return isIdle && !mustWrite ? null : planned;
  }

  /** Stores dead letters and batches before the record that relies on them; removes unnamed batches after it. */
  async #commit<Plan extends Pick<CommitPlan, "next" | "deadLetters" | "written">>(
    plan: (checkpoint: Checkpoint) => Plan | null,
  ): Promise<Plan | null> {
    const receipts = this.#receipts;
    const planned = await this.#session.commit(plan, async ({ next, deadLetters, written }) => {
      await this.#batches.store(written);
      await this.#batches.prepare(this.#checkpoint, next);
      if (deadLetters.length > 0) await this.#context.deadLetters.put(deadLetters);
    });
    if (!planned) return null;
    this.#receipts = this.#receipts.slice(receipts.length);
    await this.#batches.tidy(planned.next);
    return planned;
  }

  /**
   * Start of the run, for pending events' ages, epoch milliseconds; a clock ahead of the API's does not age them. Negative
   * infinity while no response to any stream confirms the clock: then no event is too old.
   */
  get #agingMs(): number {
    const skewMs = this.#skewMs ?? this.#context.clockSkewMs();
    return skewMs === null ? Number.NEGATIVE_INFINITY : this.#rules.nowMs + Math.min(0, skewMs);
  }

  /** Converts the baseline, an instant of the local clock, to the API's clock. */
  #diffRules({ baselineMs }: Checkpoint): DiffRules {
    const rules = { ...this.#rules, baselineMs };
    return this.#snapshot ? byApiClock(rules, this.#snapshot) : rules;
  }

  get #reach(): WindowReach {
    const { startFrom, rules } = this.#plan;
    return { ...rules, startMs: typeof startFrom === "object" ? startFrom.instantMs : null };
  }
}

const lostError = (sink: SinkName, count: number): StoreError =>
  new StoreError("corrupt", `${count} deliveries parked for ${sink} are missing from the store`);
