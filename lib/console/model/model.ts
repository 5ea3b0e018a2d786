import type { CloudEvent } from "../../change/event.ts";
import { stampMs, type Task } from "../../change/task.ts";
import type { Checkpoint } from "../../checkpoint/checkpoint.ts";
import type { Stream, StreamKey } from "../../core/names.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import type { DeliveryAttempt } from "../../run/observer.ts";
import type { StreamTrouble } from "../../status/streams.ts";
import type { AttemptRow, ConsoleSnapshot, EventStory, Meta, Patch, TaskStory } from "../protocol.ts";
import { rowOfAttempt, rowOfEntry } from "./attempts.ts";
import { type ConsoleSink, SinksModel } from "./sinks-model.ts";
import { type ConsoleStream, StreamsModel } from "./streams-model.ts";
import { TasksModel } from "./tasks-model.ts";

/** State of the console, of bounded size, and its changes since the last patch. */
export class ConsoleModel {
  readonly #tasks = new TasksModel();
  readonly #streams: StreamsModel;
  readonly #sinks: SinksModel;
  #meta: Meta;
  #trouble: string | null = null;
  /** The rows that are compared whole, as they were last sent, by name. */
  readonly #sent = new Map<string, string>();

  constructor(meta: Meta, sinks: readonly ConsoleSink[], watches: (stream: Stream) => boolean) {
    this.#meta = meta;
    this.#streams = new StreamsModel(watches);
    this.#sinks = new SinksModel(sinks, meta.bucketMs);
  }

  get meta(): Meta {
    return this.#meta;
  }

  setMeta(meta: Meta): void {
    this.#meta = meta;
  }

  /** Why the store cannot be read; null once it can. */
  setTrouble(trouble: string | null): void {
    this.#trouble = trouble;
  }

  addStream(stream: ConsoleStream): void {
    this.#streams.add(stream);
  }

  /** A request to the API ended. */
  requested(key: StreamKey, isFailed: boolean): void {
    this.#streams.requested(key, isFailed);
  }

  /** A page of tasks, as the API showed them. */
  listed(key: StreamKey, tasks: readonly Task[], nowMs: number): void {
    this.#streams.listed(key, nowMs);
    for (const task of tasks) {
      if (task.status === "SUCCESS" && !this.#tasks.hasEnded(key, task.id))
        this.#streams.succeeded(key, task);
    }
    for (const task of tasks) this.#tasks.listed(key, task, this.#streams.typicalMs(key, task.name));
  }

  /** A run ended: whether the stream could be read. */
  polled(key: StreamKey, error: StreamTrouble | null, nowMs: number): void {
    this.#streams.polled(key, error, nowMs);
  }

  committed(key: StreamKey, event: CloudEvent, atMs: number): void {
    const typicalMs = this.#streams.typicalMs(key, event.data.task.name);
    this.#streams.lagged(key, this.#tasks.committed(key, event, atMs, typicalMs).lagMs);
  }

  /** An attempt that this process made. */
  attempted(attempt: DeliveryAttempt): void {
    this.#attempted(attempt.event.id, rowOfAttempt(attempt));
  }

  /** An entry of the journal. */
  journaled(entry: JournalEntry): void {
    if (entry.kind === "event") this.committed(entry.stream, entry.event, entry.atMs);
    else this.#attempted(entry.eventId, rowOfEntry(entry));
  }

  /** A stream's record as it is stored; null when it has none. */
  setRecord(key: StreamKey, record: Checkpoint | null): void {
    this.#streams.setRecord(key, record);
    for (const entry of record?.outbox ?? []) {
      this.#tasks.pending(key, entry, this.#streams.typicalMs(key, entry.event.data.task.name));
    }
    for (const [id, known] of record?.known ?? []) {
      // An ended task's record has no name.
      if (known.name === "") continue;
      this.#tasks.saw({
        stream: key,
        id,
        name: known.name,
        user: null,
        createdAtMs: known.createdAtMs,
        step: { status: known.status, atMs: stampMs(known) },
        mark: known.overdueEmitted ? "overdue" : null,
        typicalMs: this.#streams.typicalMs(key, known.name),
      });
    }
  }

  setDeadLetters(counts: ReadonlyMap<string, number>): void {
    this.#sinks.setDeadLetters(counts);
  }

  snapshot(nowMs: number): ConsoleSnapshot {
    return {
      nowMs,
      meta: this.#meta,
      trouble: this.#trouble,
      tasks: this.#tasks.tasks(),
      events: this.#tasks.events(),
      sinks: this.#sinks.rows(this.#streams.records(), nowMs),
      streams: this.#streams.rows(),
    };
  }

  /** Changes since the last patch; null when there are none. */
  patch(nowMs: number): Patch | null {
    const { tasks, events, removedTasks } = this.#tasks.takeChanged();
    const sinks = this.#sinks.rows(this.#streams.records(), nowMs);
    const patch: Patch = {
      nowMs,
      ...(tasks.length > 0 && { tasks }),
      ...(events.length > 0 && { events }),
      ...(removedTasks.length > 0 && { removedTasks }),
      ...some(
        "sinks",
        this.#unsent(sinks, ({ name }) => `sink ${name}`),
      ),
      ...some(
        "streams",
        this.#unsent(this.#streams.rows(), ({ key }) => `stream ${key}`),
      ),
      ...(this.#unsent([this.#meta], () => "meta").length > 0 && { meta: this.#meta }),
      ...(this.#unsent([this.#trouble], () => "trouble").length > 0 && { trouble: this.#trouble }),
    };
    return Object.keys(patch).length > 1 ? patch : null;
  }

  event(id: string): EventStory | null {
    return this.#tasks.event(id);
  }

  /** The event itself, to draw it. */
  cloudEvent(id: string): CloudEvent | null {
    return this.#tasks.cloudEvent(id);
  }

  task(key: string): TaskStory | null {
    return this.#tasks.task(key);
  }

  #attempted(eventId: string, row: AttemptRow): void {
    this.#sinks.attempted(row);
    this.#tasks.attempted(eventId, row);
  }

  #unsent<Row>(rows: readonly Row[], nameOf: (row: Row) => string): readonly Row[] {
    return rows.filter((row) => {
      const name = nameOf(row);
      const text = JSON.stringify(row);
      if (this.#sent.get(name) === text) return false;
      this.#sent.set(name, text);
      return true;
    });
  }
}

const some = <Key extends string, Row>(key: Key, rows: readonly Row[]): { [K in Key]?: readonly Row[] } =>
  (rows.length > 0 ? { [key]: rows } : {}) as { [K in Key]?: readonly Row[] };
