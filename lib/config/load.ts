import type { SinkName } from "../names.ts";
import type { SinkModule } from "../sinks/sink.ts";
import type { Config, SinkCommon } from "./schema.ts";

export interface LoadedSink {
  readonly type: string;
  readonly module: SinkModule;
  /** What the module's schema made of the sink's own options. */
  readonly options: unknown;
  readonly common: SinkCommon;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly sinks: ReadonlyMap<SinkName, LoadedSink>;
  /** Folder of the configuration file; relative paths in it start here. */
  readonly folder: string;
}
