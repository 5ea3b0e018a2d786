import type { DiffRules } from "../change/diff.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { withoutVoidInstants, withSoundTimes } from "../checkpoint/instants.ts";
import { lostError } from "../checkpoint/parked.ts";
import { owes } from "../checkpoint/pending.ts";
import { memoryOf } from "../checkpoint/room.ts";
import { CheckpointSession } from "../checkpoint/session.ts";
import { begin, settle, withoutOldMessages } from "../checkpoint/transitions.ts";
import type { CallOptions } from "../core/clock.ts";
import { type PartError, SourceError } from "../core/errors.ts";
import { isInstanceGone } from "../source/error-response.ts";
import type { Page, TaskSource } from "../source/task-source.ts";
import { partError } from "../telemetry/defect.ts";
import { CommitJournal } from "./commit-journal.ts";
import { type CommitPlan, planCommit } from "./commit-plan.ts";
import { type Delivered, Deliveries, enoughReceipts, joined, nothingDelivered } from "./deliveries.ts";
import { goneSnapshot, lostDifferences } from "./gone.ts";
import { longestWaits } from "./longest-waits.ts";
import { Looks } from "./looks.ts";
import { OutboxLease } from "./outbox-lease.ts";
import { ParkedBatches } from "./parked-batches.ts";
import { type FollowTime, type RunContext, reachOf, type StreamOutcome, type StreamPlan } from "./plan.ts";
import { byApiClock, differencesOf, readSnapshot, type Snapshot, type SnapshotPlace } from "./snapshot.ts";
import { StreamNews } from "./stream-news.ts";
import { Tally } from "./tally.ts";
import { Uncommitted } from "./uncommitted.ts";

/** One run of one stream: what was read, and how much of it is committed. */
export class StreamRun {
  readonly #plan: StreamPlan;
  readonly #context: RunContext;
  readonly #place: Omit<SnapshotPlace, "source">;
  readonly #rules: DiffRules;
  readonly #session: CheckpointSession;
  readonly #batches: ParkedBatches;
  readonly #tally = new Tally();
  #lease: OutboxLease;
  #error: PartError | null = null;
  #snapshot: Snapshot | null = null;
  readonly #news: StreamNews;
  /** API clock minus local clock, milliseconds, from this stream's responses and refusals; null before the first. */
  #skewMs: number | null = null;
  readonly #changes = new Uncommitted();
  /** Deliveries that are not committed yet. */
  #unsaved: Delivered = nothingDelivered;
  readonly #journal: CommitJournal;

  /** `listed` is called with each page. */
  constructor(plan: StreamPlan, context: RunContext, listed?: (page: Page) => void) {
    const { stream, maxOpenAgeMs } = plan.rules;
    this.#plan = plan;
    this.#context = context;
    this.#place = { ...context, stream: plan.stream, reach: reachOf(plan), listed };
    const longest = longestWaits(plan.rules, context.timeBudgetMs);
    this.#session = new CheckpointSession(context.checkpoints, stream, (found) =>
      withoutVoidInstants(found, context.clock.now(), longest),
    );
    const { overdueAfterMs } = plan;
    this.#rules = { nowMs: context.clock.now(), overdueAfterMs, baselineMs: null, maxOpenAgeMs };
    this.#batches = new ParkedBatches({ ...context, stream, failed: (error) => this.fail(error) });
    this.#lease = new OutboxLease(context, 0);
    this.#news = new StreamNews(plan.rules);
    this.#journal = new CommitJournal(context, stream);
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
    const { source, absentMs } = this.#plan;
    if (absentMs !== undefined) this.#noteGone(absentMs);
    if (source === null) return;
    try {
      this.take(await this.#read(source, options));
      this.#news.read();
    } catch (error) {
      const failure = this.fail(error);
      // A run that is stopped says nothing about its stream.
      if (!options.signal.aborted) this.#news.failed(failure, this.#context.clock.now());
      if (error instanceof SourceError) this.#skewMs = error.clockSkewMs;
      if (isInstanceGone(error)) this.#noteGone(this.#context.clock.now());
    }
  }

  /** The further looks at the stream in this run; none when it could not be read. */
  looks(time: FollowTime | null): Looks {
    const { source, follow, rules } = this.#plan;
    const isRead = source !== null && this.#news.isRead;
    return new Looks({
      ...this.#context,
      follow: isRead && follow && time ? { stream: rules.stream, source, ...follow, ...time } : null,
      record: () => this.#checkpoint,
      skewMs: () => this.#skewMs ?? 0,
      read: (from, options) => this.#read(from, options),
    });
  }

  #read(source: TaskSource, options: CallOptions): Promise<Snapshot> {
    const { baselineMs } = this.#checkpoint;
    const rules = { ...this.#rules, nowMs: this.#context.clock.now(), baselineMs };
    return readSnapshot({ ...this.#place, source }, this.#checkpoint, rules, options);
  }

  /** Takes a snapshot to commit what is new in it. */
  take(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#skewMs = snapshot.clockSkewMs;
    this.#changes.renew();
  }

  #noteGone(saidMs: number): void {
    this.#news.gone(saidMs);
    this.#snapshot = goneSnapshot(this.#checkpoint, saidMs, this.#context.clock.now());
  }

  /** Reports an error of one part; the other steps of the run continue as far as possible. */
  fail(error: unknown): PartError {
    this.#error = partError(this.#context.log, { stream: this.#plan.rules.stream }, error);
    return this.#error;
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
    return memoryOf(this.#checkpoint, this.#snapshot?.tasks.size ?? 0);
  }

  /** Changes that were read and are not committed yet. */
  get uncommitted(): Pick<Uncommitted, "hasMore" | "isWaiting"> {
    return this.#changes;
  }

  /** Opens the deliveries to all sinks while the run holds the outbox. */
  openDeliveries(options: CallOptions): Deliveries {
    return new Deliveries(
      {
        ...this.#context,
        stream: this.#plan.rules.stream,
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

  /** Keeps what was delivered for the next commit. */
  note(delivered: Delivered): void {
    this.#unsaved = joined(this.#unsaved, delivered);
  }

  /** Commits the next changes, the receipts and the parked deliveries that return. False when nothing was worth it. */
  async commitNext(mayWait: boolean): Promise<boolean> {
    const [record, { receipts }] = [this.#checkpoint, this.#unsaved];
    if (!this.#basis(record)) return false;
    await this.#batches.fetch(settle(record, receipts), this.#plan.rules, this.#changes.hasMore);
    const planned = await this.#commitNextThatFits(mayWait);
    // A record that another run has written meanwhile may name other batches.
    if (!planned) return this.#checkpoint !== record && (await this.commitNext(mayWait));
    for (const { id } of this.#changes.committed(planned)) this.#snapshot?.tasks.delete(id);
    this.#tally.committed(planned);
    for (const [sink, count] of planned.lost) this.fail(lostError(sink, count));
    for (const { event } of planned.events)
      this.#context.observer.committed?.(this.#plan.rules.stream, event);
    return true;
  }

  /** Commits the remaining receipts and releases the outbox. */
  async settle(): Promise<void> {
    const loaded = this.#session.checkpoint;
    if (!loaded || (this.#unsaved.receipts.length === 0 && !this.#lease.isMine(loaded))) return;
    await this.#commit((checkpoint) => ({
      next: this.#lease.released(withoutOldMessages(settle(checkpoint, this.#unsaved.receipts))),
      events: [],
      deadLetters: [],
      written: new Map(),
    }));
  }

  outcome(): StreamOutcome {
    const { checkpoint } = this.#session;
    return { ...this.#tally.counts, snapshot: this.#snapshot, checkpoint, error: this.#error };
  }

  get #checkpoint(): Checkpoint {
    const { checkpoint } = this.#session;
    if (!checkpoint) throw new Error("the stream's record is not loaded");
    return checkpoint;
  }

  /** Commits without further changes when they do not fit the store, so that what is owed is delivered. */
  async #commitNextThatFits(mayWait: boolean): Promise<CommitPlan | null> {
    const next = (checkpoint: Checkpoint) => this.#nextCommit(checkpoint, mayWait);
    return this.#commit(next).catch((error: unknown) => {
      if (!this.#changes.leaveAfter(error)) throw error;
      this.fail(error);
      return this.#commit(next);
    });
  }

  /** The state that a commit on this record starts from; null for nothing to commit, as in most runs: plans cost time. */
  #basis(stored: Checkpoint) {
    const nowMs = this.#context.clock.now();
    const apiNowMs = this.#snapshot?.apiNowMs ?? nowMs;
    const checkpoint = this.#snapshot
      ? withSoundTimes(stored, { oursMs: nowMs, apiMs: apiNowMs }, this.#place.reach)
      : stored;
    const { hasMore, isFull } = this.#changesFrom(checkpoint);
    const isFirst = !isFull && checkpoint.baselineMs !== null && this.#snapshot !== null;
    const reported = this.#news.addedTo(checkpoint, nowMs);
    const hasReceipts = this.#unsaved.receipts.length >= enoughReceipts(checkpoint);
    const mustWrite = isFirst || reported !== stored || this.#session.isMended || hasReceipts;
    const isIdle = !mustWrite && !hasMore && !owes(checkpoint);
    return isIdle ? null : { nowMs, apiNowMs, reported, mustWrite };
  }

  /** Null when there is nothing worth a write. */
  #nextCommit(stored: Checkpoint, mayWait: boolean): CommitPlan | null {
    const basis = this.#basis(stored);
    if (!basis) return null;
    const { nowMs, apiNowMs, reported, mustWrite } = basis;
    const settled = settle(reported, this.#unsaved.receipts);
    const { differences, isFull } = this.#changes;
    const planned = planCommit(settled, differences, this.#snapshot?.unreadMs ?? null, this.#plan.rules, {
      agingMs: this.#agingMs,
      nowMs,
      apiNowMs,
      leaseFor: (base, emits) => this.#lease.leaseFor(base, emits),
      outageBefore: stored.outage,
      isFull,
      isOthers: this.#lease.isOthers(settled),
      mayWait,
      atHand: this.#batches.atHand,
      newBatchId: this.#batches.newId,
    });
    this.#changes.isWaiting = planned.isCut;
    const isIdle = planned.taken === 0 && !planned.movesDeliveries && planned.next.lease === reported.lease;
    return isIdle && !mustWrite ? null : planned;
  }

  #changesFrom(checkpoint: Checkpoint): Uncommitted {
    const snapshot = this.#snapshot;
    if (!snapshot) return this.#changes;
    const rules = byApiClock({ ...this.#rules, baselineMs: checkpoint.baselineMs }, snapshot);
    this.#changes.rebase(checkpoint, () =>
      this.#news.isGone ? lostDifferences(checkpoint, rules) : differencesOf(snapshot, checkpoint, rules),
    );
    return this.#changes;
  }

  /** Stores dead letters and batches before the record that relies on them; removes unnamed batches after it. */
  async #commit<Plan extends Pick<CommitPlan, "next" | "events" | "deadLetters" | "written">>(
    plan: (checkpoint: Checkpoint) => Plan | null,
  ): Promise<Plan | null> {
    const journaled = (checkpoint: Checkpoint) => this.#journal.with(plan(checkpoint), this.#unsaved.entries);
    const planned = await this.#session.commit(journaled, async ({ next, deadLetters, written }) => {
      await this.#batches.store(written);
      await this.#batches.prepare(this.#checkpoint, next);
      if (deadLetters.length > 0) await this.#context.deadLetters.put(deadLetters);
    });
    if (!planned) return null;
    this.#unsaved = nothingDelivered;
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
}
