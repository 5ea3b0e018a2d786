import { isOpen } from "../../change/known.ts";
import { stampMs, type Task } from "../../change/task.ts";
import { type Durations, typicalMsOf, withDuration } from "../../change/typical.ts";
import type { Checkpoint } from "../../checkpoint/checkpoint.ts";
import { parseStreamKey, type Stream, type StreamKey } from "../../core/names.ts";
import { type StreamTrouble, streamStatus } from "../../status/streams.ts";
import type { StreamRow } from "../protocol.ts";

const lagsKept = 25;

/** A stream of the configuration, of a listing or of a record. */
export type ConsoleStream = Pick<StreamRow, "key" | "engine" | "region" | "project" | "instance" | "name">;

interface StreamNotes {
  readonly stream: ConsoleStream;
  polledAtMs: number | null;
  calls: number | null;
  errors: number | null;
  /** Of the last run of this process; undefined before the first. */
  error: StreamTrouble | null | undefined;
  lags: readonly number[];
  durations: Durations;
  record: Checkpoint | null;
}

/** Polls, lag and records of the streams. */
export class StreamsModel {
  readonly #streams = new Map<string, StreamNotes>();
  readonly #watches: (stream: Stream) => boolean;

  /** `watches` says whether a source of the configuration still watches a stream. */
  constructor(watches: (stream: Stream) => boolean) {
    this.#watches = watches;
  }

  /** Adds a stream. Its name is kept once it is known. */
  add(stream: ConsoleStream): void {
    const known = this.#streams.get(stream.key);
    if (known && (stream.name === null || known.stream.name === stream.name)) return;
    this.#streams.set(stream.key, {
      polledAtMs: null,
      calls: null,
      errors: null,
      error: undefined,
      lags: [],
      durations: new Map(),
      record: null,
      ...known,
      stream,
    });
  }

  requested(key: StreamKey, isFailed: boolean): void {
    const notes = this.#streams.get(key);
    if (!notes) return;
    notes.calls = (notes.calls ?? 0) + 1;
    notes.errors = (notes.errors ?? 0) + (isFailed ? 1 : 0);
  }

  listed(key: StreamKey, nowMs: number): void {
    const notes = this.#streams.get(key);
    if (notes) notes.polledAtMs = nowMs;
  }

  /** The end of a stream's poll: since when it fails, or that it can be read. */
  polled(key: StreamKey, error: StreamTrouble | null, nowMs: number): void {
    const notes = this.#streams.get(key);
    if (!notes) return;
    const since = error?.since ?? notes.error?.since ?? new Date(nowMs).toISOString();
    notes.error = error && { ...error, since };
    if (error === null) notes.polledAtMs = nowMs;
  }

  /** The time from a change to its commit. */
  lagged(key: StreamKey, lagMs: number): void {
    const notes = this.#streams.get(key);
    if (notes) notes.lags = [...notes.lags, lagMs].slice(-lagsKept);
  }

  /** A task that ended well, for the typical duration of its kind. */
  succeeded(key: StreamKey, task: Task): void {
    const notes = this.#streams.get(key);
    if (!notes) return;
    notes.durations = withDuration(notes.durations, task.name, Math.max(0, stampMs(task) - task.createdAtMs));
  }

  /** The record's typical duration; where it has none, that of the tasks seen here. */
  typicalMs(key: StreamKey, name: string): number | null {
    const notes = this.#streams.get(key);
    if (!notes) return null;
    return (notes.record && typicalMsOf(notes.record.durations, name)) ?? typicalMsOf(notes.durations, name);
  }

  setRecord(key: StreamKey, record: Checkpoint | null): void {
    const notes = this.#streams.get(key);
    if (notes) notes.record = record;
  }

  records(): readonly Checkpoint[] {
    return [...this.#streams.values()].flatMap(({ record }) => record ?? []);
  }

  rows(): readonly StreamRow[] {
    return Array.from(this.#streams.values(), ({ stream, error, lags, record, ...notes }): StreamRow => {
      const known = parseStreamKey(stream.key);
      const status = streamStatus(stream.key, record, null, known === null || this.#watches(known));
      return {
        ...status,
        ...stream,
        name: stream.name ?? status.name,
        error: error === undefined ? status.error : error,
        polledAtMs: notes.polledAtMs,
        calls: notes.calls,
        errors: notes.errors,
        lagMs: median(lags),
        watermarkMs: record && record.watermarkMs > 0 ? record.watermarkMs : null,
        open: record ? record.known.values().reduce((count, task) => count + (isOpen(task) ? 1 : 0), 0) : 0,
      };
    });
  }
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
