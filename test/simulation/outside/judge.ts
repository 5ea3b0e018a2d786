import type { ApiReply } from "./api.ts";
import { type Demand, demandsOf, Looks, type Seen } from "./demands.ts";
import { type Told, toldIn, untold, wrongIn } from "./outages.ts";
import { type Received, type SinkName, wanted } from "./receivers.ts";
import { eventId, eventType, type Instance, isAbsent, isThere, streamKey, type Task } from "./world.ts";

export type Check =
  | "no loss"
  | "order"
  | "same id"
  | "no needless repeat"
  | "vanished"
  | "given up"
  | "isolation"
  | "refused keys"
  | "outage"
  | "progress"
  | "no defect";

export class Violation extends Error {
  override readonly name = "Violation";
  readonly check: Check;

  constructor(check: Check, message: string) {
    super(`${check}: ${message}`);
    this.check = check;
  }
}

/** What the judge is told of one run of the bridge. */
export interface Run {
  readonly id: number;
  readonly startMs: number;
  /** Until when it reads streams again; null where it reads each once. */
  readonly followsUntilMs: number | null;
  endMs: number;
  /** By whom it is watched: keys of streams, and the sinks. */
  readonly streams: ReadonlySet<string>;
  readonly sinks: ReadonlySet<SinkName>;
  /** Nothing but APIs and sinks misbehaved: no death, no other run, no store, no clock. */
  isQuiet: boolean;
  /** Streams that it read to the end, as it says itself. */
  readonly completed: Set<string>;
  /** Streams that it could not read, as it says itself. */
  readonly failed: Set<string>;
  readonly refusals: Map<string, number>;
  /** When each stream was first read. */
  readonly firstRead: Map<string, number>;
}

/** An answer of one API call may take so long by the configuration. */
export const requestTimeoutMs = 10_000;
const boundMs = requestTimeoutMs + 5_000;
/** A list may be read in pages of two tasks, and again from its start when it grows meanwhile. */
const listedMs = 50;
const lockAfter = 5;

/** Orders by the world's own truth, whatever the stamps say. */
export class Judge {
  readonly runs: Run[] = [];
  violation: Violation | null = null;
  /** Whether all clocks have been the world's so far. */
  isClockSure = true;
  sends = 0;
  readonly #seen = new Map<Task, Seen[]>();
  readonly #looks = new Looks();
  /** Event id -> when it was first made durable. */
  readonly #committed = new Map<string, number>();
  readonly #tasks = new Map<string, Task>();
  /** First acceptances: sink and event id -> when. */
  readonly #accepted = new Map<string, number>();
  /** Sink and event id -> the run that was told of the acceptance. */
  readonly #answered = new Map<string, Run>();
  readonly #refused = new Set<string>();
  readonly #texts = new Map<string, string>();
  /** Sink and task -> the furthest state accepted. */
  readonly #heights = new Map<string, number>();

  readonly #instances: readonly Instance[];

  constructor(instances: readonly Instance[]) {
    this.#instances = instances;
  }

  /** Throws at once where the caller can hear it; keeps the first for where it cannot. */
  #fail(check: Check, message: string): void {
    this.violation ??= new Violation(check, message);
  }

  born(task: Task): void {
    this.#tasks.set(`${task.instance.id}/${task.id}`, task);
  }

  began(run: Run): void {
    this.runs.push(run);
  }

  showed(run: Run, instance: Instance, answer: Pick<ApiReply, "sights" | "page">, atMs: number): void {
    const stream = streamKey(instance);
    if (!run.firstRead.has(stream)) run.firstRead.set(stream, atMs);
    const look = this.#looks.at(run, stream, { page: answer.page, atMs });
    for (const { task, index } of answer.sights) {
      const seen = this.#seen.get(task) ?? [];
      seen.push({ run, index, atMs, look });
      this.#seen.set(task, seen);
    }
  }

  committed(id: string, atMs: number): void {
    if (!this.#committed.has(id)) this.#committed.set(id, atMs);
  }

  keyRefused(run: Run, ak: string): void {
    const count = (run.refusals.get(ak) ?? 0) + 1;
    run.refusals.set(ak, count);
    if (count >= lockAfter)
      this.#fail("refused keys", `run ${run.id} had ${ak} refused ${count} times, which locks it`);
  }

  requested(run: Run, sink: SinkName, events: readonly Received[]): void {
    this.sends += 1;
    const tasks = new Set<string>();
    for (const { id, type, text } of events) {
      const [instance, taskId] = id.split("/");
      const key = `${instance}/${taskId}`;
      const task = this.#tasks.get(key);
      if (!task && !toldIn(id)) {
        this.#fail("same id", `${id} tells of no task there is`);
        continue;
      }
      if (tasks.has(key)) this.#fail("order", `a batch holds two events of ${key}`);
      tasks.add(key);
      if (sink === "picky" && !wanted.has(type)) this.#fail("no defect", `picky does not want ${type}`);
      const before = this.#texts.get(id);
      if (before !== undefined && before !== text && !(task && this.#mayBeTwice(task, id, run))) {
        this.#fail("same id", `${id} was sent with other bytes`);
      }
      this.#texts.set(id, text);
      const told = this.#answered.get(`${sink}:${id}`);
      if (told?.isQuiet && told.endMs < run.startMs && !(task && this.#mayBeTwice(task, id, run))) {
        this.#fail(
          "no needless repeat",
          `${sink} got ${id} again in run ${run.id}; run ${told.id} knew it accepted`,
        );
      }
    }
  }

  accepted(sink: SinkName, events: readonly Received[], atMs: number): void {
    for (const { id, type } of events) {
      const [instance, taskId, status] = id.split("/");
      const task = this.#tasks.get(`${instance}/${taskId}`);
      const told = toldIn(id);
      const key = `${sink}:${id}`;
      if (!(task || told) || this.#accepted.has(key)) continue;
      this.#accepted.set(key, atMs);
      if (told) this.#outage(sink, id, told, atMs);
      else if (!task) continue;
      else if (status === "VANISHED") this.#vanished(sink, task, atMs);
      else this.#inOrder(sink, task, { id, type }, atMs);
    }
  }

  answered(run: Run, sink: SinkName, events: readonly Received[]): void {
    for (const { id } of events) this.#answered.set(`${sink}:${id}`, run);
  }

  refusedForGood(sink: SinkName, events: readonly Received[]): void {
    for (const { id } of events) this.#refused.add(`${sink}:${id}`);
  }

  #vanished(sink: SinkName, task: Task, atMs: number): void {
    const wasGone = task.deletedMs <= atMs || task.instance.absences.some(({ fromMs }) => fromMs <= atMs);
    if (!wasGone)
      this.#fail("vanished", `${sink} was told that ${task.instance.id}/${task.id} vanished; it is there`);
  }

  #outage(sink: SinkName, id: string, told: Told, atMs: number): void {
    const instance = this.#instances.find(({ id }) => id === told.instance);
    const first = id.replace("/RECOVERED/", "/UNREADABLE/");
    if (sink === "steady" && !this.#accepted.has(`${sink}:${first}`))
      this.#fail("outage", `${sink} took ${id} before ${first}`);
    const wrong = instance && this.isClockSure && wrongIn(told, instance, this.runs, atMs);
    if (wrong !== null && wrong !== false)
      this.#fail("outage", `${sink} took ${id}: ${wrong ?? "no such instance"}`);
  }

  #inOrder(
    sink: SinkName,
    task: Task,
    event: { readonly id: string; readonly type: string },
    atMs: number,
  ): void {
    const index = task.states.findIndex((state) => eventId(task, state) === event.id);
    const state = task.states[index];
    if (!state || state.atMs > atMs) {
      this.#fail("same id", `${event.id} tells of a state that never was`);
      return;
    }
    if (eventType(state.status) !== event.type) this.#fail("same id", `${event.id} has type ${event.type}`);
    const key = `${sink}:${task.instance.id}/${task.id}`;
    const height = this.#heights.get(key) ?? -1;
    if (index < height && !this.#isEndFoundLate(task, index)) {
      const later = task.states[height];
      this.#fail("order", `${sink} first took ${event.id} after ${later?.status}, which came later`);
    }
    this.#heights.set(key, Math.max(height, index));
  }

  /** Whether one id may stand for two changes: states with equal facts, or one told before an end that is found late. */
  #mayBeTwice(task: Task, id: string, run: Run): boolean {
    const isShared = task.states.filter((state) => eventId(task, state) === id).length > 1;
    return (
      isShared || hasBeenAway(task, run) || task.states.some((_, index) => this.#isEndFoundLate(task, index))
    );
  }

  /** Whether a lagging replica showed the end once its task ran again: an end beats an open state at once. */
  #isEndFoundLate(task: Task, index: number): boolean {
    const seen = (this.#seen.get(task) ?? []).map((sight) => sight.index);
    return isEnd(task, index) && seen.lastIndexOf(index) > seen.findIndex((other) => other > index);
  }

  /** What an ended run must have done by now. */
  ended(run: Run, healthy: ReadonlySet<string>): void {
    if (!run.isQuiet) return;
    for (const stream of healthy) {
      if (!run.completed.has(stream))
        this.#fail("isolation", `run ${run.id} could not read ${stream}, which is well`);
      const atMs = run.firstRead.get(stream) ?? Number.POSITIVE_INFINITY;
      if (atMs > run.startMs + boundMs) {
        this.#fail(
          "isolation",
          `run ${run.id} had no answer for ${stream}, which is well, within ${boundMs} ms`,
        );
      }
    }
    const fresh = [...this.#seen].flatMap(([task, seen]) => {
      const first = seen[0];
      return first?.run === run && run.completed.has(streamKey(task.instance)) ? [{ task, first }] : [];
    });
    for (const { task, first } of fresh) {
      const [demand] = this.#demands(task).filter(({ index }) => index === first.index);
      const state = task.states[first.index];
      if (!demand || !state) continue;
      const acceptedMs = this.#accepted.get(`steady:${eventId(task, state)}`) ?? Number.POSITIVE_INFINITY;
      if (acceptedMs > first.atMs + boundMs + this.#seen.size * listedMs) {
        this.#fail("isolation", `steady had to wait for ${eventId(task, state)}, shown to run ${run.id}`);
      }
    }
  }

  /** Once faults are over and nothing moves: everything that was owed has got there. */
  checkEnd(lettered: ReadonlySet<string>, nowMs: number): void {
    for (const letter of lettered) {
      const sink = letter.slice(0, letter.indexOf(":"));
      // What a sink is owed when it leaves the configuration is given up.
      const hasStayed = this.runs.every(({ sinks }) => sinks.has(sink as SinkName));
      if (hasStayed && !this.#refused.has(letter))
        this.#fail("given up", `${letter}, which no receiver refused`);
    }
    for (const task of this.#tasks.values()) {
      const demands = this.#demands(task);
      for (const demand of demands) this.#checkTold(task, demand, lettered);
      this.#checkFollowed(task, demands, lettered, nowMs);
    }
    if (this.isClockSure) {
      const told = [...this.#accepted.keys(), ...lettered];
      const faithful = (sinceMs: number) => this.#faithful(sinceMs).filter((sink) => sink !== "picky");
      for (const message of untold(this.#instances, this.runs, { told, faithful }))
        this.#fail("outage", message);
    }
    if (this.violation) throw this.violation;
  }

  #demands(task: Task): readonly Demand[] {
    const told = task.states.flatMap((state, index) => {
      const atMs = this.#committed.get(eventId(task, state));
      return atMs === undefined ? [] : [{ index, atMs }];
    });
    return demandsOf(task, { seen: this.#seen.get(task) ?? [], runs: this.runs, told });
  }

  #checkTold(task: Task, { index, sinceMs, why }: Demand, lettered: ReadonlySet<string>): void {
    const state = task.states[index];
    if (!state) return;
    const id = eventId(task, state);
    for (const sink of this.#faithful(sinceMs)) {
      if (sink === "picky" && !wanted.has(eventType(state.status))) continue;
      const key = `${sink}:${id}`;
      if (!this.#accepted.has(key) && !lettered.has(key))
        this.#fail("no loss", `${sink} never got ${id} (${why})`);
    }
  }

  /** The sinks configured without a break from an instant to the end. */
  #faithful(sinceMs: number): readonly SinkName[] {
    const last = this.runs.at(-1);
    if (!last) return [];
    return [...last.sinks].filter((sink) =>
      this.runs.every((run) => run.endMs < sinceMs || run.sinks.has(sink)),
    );
  }

  /** A task seen open is followed to its end, or to where the API no longer knows it. */
  #checkFollowed(task: Task, demands: readonly Demand[], lettered: ReadonlySet<string>, nowMs: number): void {
    const stream = streamKey(task.instance);
    const seen = this.#seen.get(task) ?? [];
    const reads = this.runs.filter(({ completed }) => completed.has(stream));
    const isWatched = this.runs.every((run) => run.streams.has(stream));
    const wasAway = task.instance.absences.length > 0;
    if (!isWatched || reads.length === 0) return;
    const highest = Math.max(-1, ...seen.map(({ index }) => index));
    const last = task.states.length - 1;
    if (isThere(task, nowMs) && !wasAway) {
      const baseline =
        task.instance.project.startFrom === "all" ? Number.NEGATIVE_INFINITY : (reads[0]?.endMs ?? 0);
      const isLate = (task.unreadable?.untilMs ?? 0) > task.createdMs + task.instance.project.maxOpenAgeMs;
      if (highest < 0 && task.createdMs > baseline && !task.missing && !isLate) {
        this.#fail("no loss", `${task.instance.id}/${task.id} was never listed`);
      }
      if (highest >= 0 && highest < last && !isEnd(task, highest)) {
        this.#fail("no loss", `${task.instance.id}/${task.id} was left at ${task.states[highest]?.status}`);
      }
      return;
    }
    const isGone = task.deletedMs <= nowMs || isAbsent(task.instance, nowMs);
    const open = demands.find(({ index }) => index === highest && !isEnd(task, index));
    if (!isGone || !open) return;
    for (const sink of this.#faithful(open.sinceMs)) {
      const isTold = [...this.#accepted.keys(), ...lettered].some((key) =>
        key.startsWith(`${sink}:${task.instance.id}/${task.id}/VANISHED/`),
      );
      if (!isTold)
        this.#fail("no loss", `${sink} was never told that ${task.instance.id}/${task.id} vanished`);
    }
  }
}

const isEnd = (task: Task, index: number): boolean =>
  ["SUCCESS", "FAILED", "CANCELLED", "DELETED"].includes(task.states[index]?.status ?? "");

/** A task that was gone and came back may be told anew. */
const hasBeenAway = ({ instance }: Task, run: Run): boolean =>
  instance.absences.some(({ fromMs }) => fromMs <= run.endMs || run.endMs === Number.POSITIVE_INFINITY);
