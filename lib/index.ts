/** The package's public API: write a configuration or a sink, or run the bridge from your own program. */
export type { CloudEvent } from "./change/event.ts";
export type { LoadedSink } from "./config/check/sinks.ts";
export { type ConfigDefinition, defineConfig, type SinkInput } from "./config/define.ts";
export {
  type LoadDeps,
  type LoadedConfig,
  loadConfig,
  loadConfigValue,
} from "./config/load.ts";
export type { ConfigInput } from "./config/schema.ts";
export { type CallOptions, type Clock, type Random, systemClock } from "./core/clock.ts";
export { ConfigError, type ConfigIssue, SourceError, StoreError } from "./core/errors.ts";
export type { SinkName } from "./core/names.ts";
export type { DeliveryResult, FailureReason } from "./core/result.ts";
export type { DeliveryAttempt } from "./run/observer.ts";
export type { RunSummary, SinkSummary, StreamSummary } from "./run/summary.ts";
export { type DeliverOnly, defineSink, type UncheckedModule } from "./sinks/custom.ts";
export { type EventRequest, type HttpSinkDefinition, httpSink } from "./sinks/http/http-sink.ts";
export type { BatchLimits, DeliverOptions, Sink, SinkDeps, SinkModule } from "./sinks/sink.ts";
export type { WatchedStream } from "./source/discovery.ts";
export { jsonLog, type Log, silentLog } from "./telemetry/log.ts";
export { type Bridge, type BridgeDeps, openBridge } from "./wire/bridge.ts";
export type { BridgeObserver } from "./wire/observer.ts";
