import type { ParkedStore } from "../../lib/checkpoint/parked.ts";
import type { CheckpointStore } from "../../lib/checkpoint/store.ts";
import type { DeadLetterStore } from "../../lib/delivery/dead-letters.ts";
import type { Sink } from "../../lib/sinks/sink.ts";
import type { TaskSource } from "../../lib/source/task-source.ts";
import type { Process } from "./process.ts";

/** A bridge broken on purpose, at its seams: what it puts between the run and its ports, or in place of a method. */
export interface Variant {
  readonly name: string;
  readonly source?: (source: TaskSource, process: Process) => TaskSource;
  readonly checkpoints?: (store: CheckpointStore, process: Process) => CheckpointStore;
  readonly parked?: (store: ParkedStore, process: Process) => ParkedStore;
  readonly deadLetters?: (store: DeadLetterStore, process: Process) => DeadLetterStore;
  readonly sink?: (sink: Sink, process: Process) => Sink;
  /** Replaces a method for as long as a history plays; returns what puts it back. */
  readonly patch?: () => () => void;
}

export const sound: Variant = { name: "sound" };
