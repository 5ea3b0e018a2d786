import type { CheckpointStore } from "./checkpoint/store.ts";
import type { Clock, Random } from "./clock.ts";
import type { LoadedConfig } from "./config/load.ts";
import type { DeadLetterFilter, DeadLetterStore } from "./delivery/dead-letters.ts";
import type { SinkName, Stream } from "./names.ts";
import type { RunObserver, RunSummary } from "./run.ts";
import type { Sink } from "./sinks/sink.ts";
import type { TaskSource } from "./source/task-source.ts";
import type { Log } from "./telemetry/log.ts";

export interface BridgeDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface WatchedStream {
  readonly stream: Stream;
  /** The instance's own name, where the API told it. */
  readonly name: string | null;
  readonly source: TaskSource;
}

/** The bridge with its concrete parts, as the command line and the functions use it. */
export interface Bridge {
  /** The streams that the configuration names or discovers. */
  streams(signal: AbortSignal): Promise<readonly WatchedStream[]>;
  /** One run over all streams. Never rejects for a stream or a sink that fails: the summary says so. */
  run(signal: AbortSignal, observer: RunObserver): Promise<RunSummary>;
  /** Puts dead letters back into their streams' outboxes, in order; the next run delivers them. Returns how many. */
  redrive(filter: DeadLetterFilter): Promise<number>;
  readonly sinks: ReadonlyMap<SinkName, Sink>;
  readonly checkpoints: CheckpointStore;
  readonly deadLetters: DeadLetterStore;
  close(): Promise<void>;
}

/** @throws ConfigError, StoreError */
export declare function openBridge(loaded: LoadedConfig, deps: BridgeDeps): Promise<Bridge>;
