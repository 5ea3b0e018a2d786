import type { Checkpoint } from "../../checkpoint/checkpoint.ts";
import { type SinkName, sinkName } from "../../core/names.ts";
import { removedSink, removedSinks, type SinkStatus, sinkStatuses } from "../../status/sinks.ts";
import type { AttemptRow, SinkRow } from "../protocol.ts";
import { Flow } from "./flow.ts";

/** A sink of the configuration. */
export interface ConsoleSink {
  readonly name: SinkName;
  readonly type: string;
  readonly isChat: boolean;
}

const removed = { type: "", isChat: false };

interface SinkNotes {
  readonly sink: ConsoleSink;
  readonly flow: Flow;
  accepted: number;
  failed: number;
  lastAcceptedMs: number | null;
  deadLetters: number;
}

/** Status of a removed sink that is owed nothing any more. */
function settled(name: SinkName, deadLetters: number): SinkStatus {
  const status = removedSink(name);
  return deadLetters > 0 ? status : { ...status, action: null };
}

/** Health, throughput and backlog of the configured sinks, and of removed ones that have deliveries or dead letters. */
export class SinksModel {
  readonly #configured: readonly SinkName[];
  readonly #sinks = new Map<SinkName, SinkNotes>();
  readonly #bucketMs: number;

  constructor(sinks: readonly ConsoleSink[], bucketMs: number) {
    this.#configured = sinks.map(({ name }) => name);
    this.#bucketMs = bucketMs;
    for (const sink of sinks) this.#add(sink);
  }

  #add(sink: ConsoleSink): void {
    const flow = new Flow(this.#bucketMs);
    const notes = { sink, flow, accepted: 0, failed: 0, lastAcceptedMs: null, deadLetters: 0 };
    this.#sinks.set(sink.name, notes);
  }

  /** Keeps a sink that the configuration lacks: a page that shows it goes on. */
  #addRemoved(name: SinkName): void {
    if (!this.#sinks.has(name)) this.#add({ ...removed, name });
  }

  attempted({ sink, kind, atMs }: AttemptRow): void {
    const notes = this.#sinks.get(sinkName(sink));
    if (!notes || kind === "redriven") return;
    const isAccepted = kind === "accepted";
    notes.flow.add(atMs, isAccepted);
    if (isAccepted) {
      notes.accepted += 1;
      notes.lastAcceptedMs = Math.max(notes.lastAcceptedMs ?? 0, atMs);
    } else notes.failed += 1;
  }

  setDeadLetters(counts: ReadonlyMap<string, number>): void {
    for (const name of counts.keys()) this.#addRemoved(sinkName(name));
    for (const [name, notes] of this.#sinks) notes.deadLetters = counts.get(name) ?? 0;
  }

  rows(records: readonly Checkpoint[], nowMs: number): readonly SinkRow[] {
    const report = { sinks: this.#configured, records, nowMs };
    const statuses = new Map([...sinkStatuses(report), ...removedSinks(report)]);
    for (const name of statuses.keys()) this.#addRemoved(name);
    return Array.from(this.#sinks.values(), ({ sink, flow, ...numbers }) => {
      const status = statuses.get(sink.name) ?? settled(sink.name, numbers.deadLetters);
      return { ...sink, ...numbers, ...status, flow: flow.buckets(nowMs) };
    });
  }
}
