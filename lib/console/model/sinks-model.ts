import type { Checkpoint } from "../../checkpoint/checkpoint.ts";
import { type SinkName, sinkName } from "../../core/names.ts";
import { sinkStatuses } from "../../status/sinks.ts";
import type { AttemptRow, SinkRow } from "../protocol.ts";
import { Flow } from "./flow.ts";

/** A sink of the configuration. */
export interface ConsoleSink {
  readonly name: SinkName;
  readonly type: string;
  readonly isChat: boolean;
}

interface SinkNotes {
  readonly sink: ConsoleSink;
  readonly flow: Flow;
  accepted: number;
  failed: number;
  lastAcceptedMs: number | null;
  deadLetters: number;
}

/** Health, throughput and backlog of the configured sinks. */
export class SinksModel {
  readonly #sinks: ReadonlyMap<SinkName, SinkNotes>;

  constructor(sinks: readonly ConsoleSink[], bucketMs: number) {
    this.#sinks = new Map(
      sinks.map((sink) => [
        sink.name,
        {
          sink,
          flow: new Flow(bucketMs),
          accepted: 0,
          failed: 0,
          lastAcceptedMs: null,
          deadLetters: 0,
        },
      ]),
    );
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
    for (const [name, notes] of this.#sinks) notes.deadLetters = counts.get(name) ?? 0;
  }

  rows(records: readonly Checkpoint[], nowMs: number): readonly SinkRow[] {
    const statuses = sinkStatuses({ sinks: this.#sinks.keys(), records, nowMs });
    return [...this.#sinks.values()].flatMap(({ sink, flow, ...numbers }) => {
      const status = statuses.get(sink.name);
      return status ? [{ ...sink, ...numbers, ...status, flow: flow.buckets(nowMs) }] : [];
    });
  }
}
