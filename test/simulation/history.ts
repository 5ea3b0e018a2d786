import type { CloudEvent } from "../../lib/change/event.ts";
import type { Task } from "../../lib/change/task.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import type { EventId, RunId, SinkName, StreamKey, TaskId } from "../../lib/core/names.ts";
import type { DeadLetter } from "../../lib/delivery/dead-letters.ts";
import type { CommitRules } from "../../lib/run/commit-plan.ts";
import type { MessageReference } from "./living.ts";
import { type Outages, outagesOf, type Reading } from "./outages.ts";
import type { Process } from "./process.ts";

/** The promises and invariants, in the words of docs/simulation.md. */
export type HistoryCheck =
  | "no loss"
  | "order"
  | "same id"
  | "commit before delivery"
  | "one writer"
  | "isolation"
  | "bounded"
  | "progress"
  | "watermark"
  | "no needless repeat"
  | "told once"
  | "one message"
  | "outage"
  | "journal"
  | "no defect";

export class Violation extends Error {
  override readonly name = "Violation";
  readonly check: HistoryCheck;

  constructor(check: HistoryCheck, message: string) {
    super(`${check}: ${message}`);
    this.check = check;
  }
}

/** What one process saw and did in one stream. */
export interface Deeds {
  readonly run: RunId;
  /** When it started, by the API's clock. */
  readonly startedMs: number;
  /** Commits of all runs before its start. */
  readonly writesBefore: number;
  /** Sights of listings read to their end, and of single look-ups. */
  readonly sights: Task[];
  /** Sights whose status the stored record knew already: a lagging replica may show an earlier end after them. */
  readonly unchanged: Set<Task>;
  readonly gone: Set<TaskId>;
  /** The records it loaded. */
  readonly bases: Checkpoint[];
  listed: boolean;
  /** What came of the run's first listing; null: nothing yet, or it was stopped. */
  reading: Reading | null;
  /** It was read again within its run. */
  isFollowed: boolean;
  /** Its store did not answer. */
  storeFailed: boolean;
  /** Deliveries that the record owed a sink at most when this process first wrote it: they come before its own. */
  backlog: number | null;
  /** Events it committed under its own fence, to be told to every healthy sink in this run. */
  readonly fenced: { readonly id: EventId; readonly sinks: readonly SinkName[] }[];
  readonly answered: Set<string>;
  /** The record it loaded or committed last. */
  record: Checkpoint | null;
  /** What sinks said of their messages, by sink and task. */
  readonly told: Map<string, MessageReference>;
}

/** One life of a stream's record: until it is lost or an older one is put in its place. */
export interface Incarnation {
  /** What it began with; null: with nothing. */
  readonly base: Checkpoint | null;
  record: Checkpoint | null;
  /** Every event ever owed, as bytes, by id. */
  readonly bytes: Map<EventId, readonly string[]>;
  readonly sequences: Map<EventId, number>;
  readonly committed: Map<TaskId, CloudEvent[]>;
  /** The greatest sequence first accepted, by sink and task. */
  readonly heights: Map<string, number>;
  /** `sink:event`. */
  readonly accepted: Set<string>;
  readonly lettered: Set<string>;
  /** Events given up, some before any record held them: over the backlog in the commit that made them. */
  readonly givenUp: CloudEvent[];
  readonly redriven: Set<string>;
  readonly outages: Outages;
}

export const newIncarnation = (record: Checkpoint | null): Incarnation => ({
  base: record,
  record,
  bytes: new Map(record?.outbox.map(({ event }) => [event.id, [JSON.stringify(event)]])),
  sequences: new Map(record?.outbox.map(({ event, sequence }) => [event.id, sequence])),
  committed: new Map(),
  heights: new Map(),
  accepted: new Set(),
  lettered: new Set(),
  givenUp: [],
  redriven: new Set(),
  outages: outagesOf(record),
});

/** What is true of a process from its start. */
export interface Crew {
  /** The API's clock less the processes'. */
  readonly apiSkewMs: number;
  readonly process: Process;
  /** When the next poll is due, by the process's clock; null: it waits for this run. */
  readonly nextMs: number | null;
  readonly rules: ReadonlyMap<StreamKey, CommitRules>;
  readonly deeds: ReadonlyMap<StreamKey, Deeds>;
}

export const newDeeds = (run: RunId, startedMs: number, writesBefore: number): Deeds => ({
  run,
  startedMs,
  writesBefore,
  sights: [],
  unchanged: new Set(),
  gone: new Set(),
  bases: [],
  listed: false,
  reading: null,
  isFollowed: false,
  storeFailed: false,
  backlog: null,
  fenced: [],
  answered: new Set(),
  record: null,
  told: new Map(),
});

/** Everything that happened, as the ports saw it. */
export class History {
  readonly incarnations = new Map<StreamKey, Incarnation>();
  /** Every delivery accepted, dead-lettered or filtered, whatever became of the record: `sink:event`. */
  readonly settledEver = new Set<string>();
  /** Tasks some completed listing or look-up showed. */
  readonly shown = new Set<TaskId>();
  readonly vanished = new Set<TaskId>();
  /** Sinks with a filter. */
  readonly pickySinks = new Set<SinkName>();
  /** Tasks that had ended before their stream's first instant: no news, by `startFrom: now`. */
  readonly noNews = new Set<TaskId>();
  /** Where each stream began to read: what is older is not asked for. */
  readonly begins = new Map<StreamKey, number>();
  readonly inFlight = new Set<{
    readonly process: Process;
    readonly stream: StreamKey;
    readonly sink: SinkName;
  }>();
  /** The first; a bridge that goes on after it makes no difference. */
  violation: Violation | null = null;
  writes = 0;
  sends = 0;
  readonly lines: string[] = [];
  #hash = 0x811c9dc5;
  readonly #keepLines: boolean;

  constructor(keepLines: boolean) {
    this.#keepLines = keepLines;
  }

  /** Same seed, same hash. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  /** Keeps a violation even where the code under test would swallow it. */
  witness<Result>(look: () => Result): Result {
    try {
      return look();
    } catch (error) {
      if (error instanceof Violation) this.violation ??= error;
      throw error;
    }
  }

  note(line: string): void {
    for (let index = 0; index < line.length; index += 1) {
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(index), 0x01000193);
    }
    if (this.#keepLines) this.lines.push(line);
  }

  incarnation(stream: StreamKey): Incarnation {
    const found = this.incarnations.get(stream);
    if (found) return found;
    const fresh = newIncarnation(null);
    this.incarnations.set(stream, fresh);
    return fresh;
  }

  lettered(letters: readonly DeadLetter[]): void {
    for (const { stream, sink, event } of letters) {
      this.incarnation(stream).lettered.add(pair(sink, event.id));
      this.incarnation(stream).givenUp.push(event);
      this.settledEver.add(pair(sink, event.id));
    }
  }
}

export const pair = (sink: SinkName, event: EventId): string => `${sink}:${event}`;

/** Written apart from lib, as all that the checks rest on. */
export const finals: ReadonlySet<string> = new Set(["SUCCESS", "FAILED", "CANCELLED", "DELETED"]);

type Sight = Pick<Task, "status" | "updatedAtMs">;

/** Whether one sight of a task comes after another: by its instant, and within one by how far along it is. */
export const isLater = (sight: Sight, other: Sight): boolean =>
  stampOf(sight) > stampOf(other) ||
  (stampOf(sight) === stampOf(other) && rank(sight.status) > rank(other.status));

const stampOf = ({ updatedAtMs }: Sight): number => updatedAtMs ?? 0;
const rank = (status: string): number => (finals.has(status) ? 2 : status === "CREATED" ? 0 : 1);
