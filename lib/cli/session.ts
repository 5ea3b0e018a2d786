import { text } from "node:stream/consumers";
import {
  type LoadedConfig,
  type LoadedSinks,
  type LoadedStore,
  loadOfflineSinks,
  loadReadConfig,
  loadReadSinks,
  loadStore,
  loadWithoutSinks,
  type OfflineSinks,
  type ReadConfig,
  readConfig,
} from "../config/load.ts";
import { readConfigText } from "../config/read/file.ts";
import { telemetryFor } from "../opentelemetry/load.ts";
import type { OpenTelemetry } from "../opentelemetry/open.ts";
import { fieldsOf } from "../text/json.ts";
import { type Bridge, openBridge } from "../wire/bridge.ts";
import { type BridgeObserver, observeAll } from "../wire/observer.ts";
import { secretResolvers } from "../wire/secrets.ts";
import { readStores } from "../wire/stores.ts";
import { choiceError } from "./arguments.ts";
import type { Context } from "./context.ts";
import type { ExitCode } from "./errors.ts";

/** Reads the configuration that the command line names, `-` for stdin. @throws ConfigError */
export async function readConfigOf({ configFile, folder, input }: Context): Promise<ReadConfig> {
  if (configFile !== "-") return readConfig(configFile, folder);
  return { ...(await readConfigText(await text(input), "stdin")), folder };
}

/** Loads the configuration that the command line names. @throws ConfigError */
export const configOf = async (context: Context): Promise<LoadedConfig> =>
  loadReadConfig(await readConfigOf(context), { ...context, secrets: secretResolvers(context) });

/** Loads one sink, and nothing that it does not need. `argument` names it on the command line. @throws ConfigError */
export async function sinkOf(context: Context, name: string, argument: string): Promise<LoadedSinks> {
  const read = await readConfigOf(context);
  requireSink(read, name, argument);
  return loadReadSinks(read, { ...context, sinks: [name], secrets: secretResolvers(context) });
}

/** Loads one sink or all of them, without secrets. @throws ConfigError */
export async function offlineSinksOf(context: Context, name: string | undefined): Promise<OfflineSinks> {
  const read = await readConfigOf(context);
  if (name === undefined) return loadOfflineSinks(read, context);
  requireSink(read, name, "--sink");
  return loadOfflineSinks(read, { ...context, sinks: [name] });
}

function requireSink({ value }: ReadConfig, name: string, argument: string): void {
  const names = Object.keys(fieldsOf(fieldsOf(value)["sinks"]));
  if (!names.includes(name)) throw choiceError(argument, "a configured sink", name, names);
}

/** The configured stores, to read. */
export type StoresToRead = Pick<Bridge, "checkpoints" | "deadLetters" | "parked" | "journal">;

/** Options of a command's session. */
export interface SessionOptions {
  /** Whether the command serves metrics to Prometheus. @default false */
  readonly isScraped?: boolean;
  /** Whether a run stores and sends nothing. @default false */
  readonly isRehearsal?: boolean;
  /** Sees every step of every run. @default none */
  readonly observer?: BridgeObserver;
}

/** Opens the configured bridge for one command, and always closes it. @throws ConfigError, StoreError */
export const withBridge = async (
  context: Context,
  body: (bridge: Bridge, loaded: LoadedConfig, telemetry: OpenTelemetry | null) => Promise<ExitCode>,
  options: SessionOptions = {},
): Promise<ExitCode> => withLoaded(context, await configOf(context), body, options);

/**
 * Opens the bridge of a configuration that was read for a command that only asks the API: no sink's secret is read, and
 * nothing is stored.
 * @throws ConfigError, StoreError
 */
export async function withApi<Result>(
  context: Context,
  read: ReadConfig,
  body: (bridge: Pick<Bridge, "discover" | "replays">) => Promise<Result>,
): Promise<Result> {
  const loaded = await loadWithoutSinks(read, { ...context, secrets: secretResolvers(context) });
  return withLoaded(context, loaded, body, { isRehearsal: true });
}

/** Opens the bridge of a loaded configuration for one command, and always closes it. @throws StoreError */
export async function withLoaded<Result>(
  context: Context,
  loaded: LoadedConfig,
  body: (bridge: Bridge, loaded: LoadedConfig, telemetry: OpenTelemetry | null) => Promise<Result>,
  { isScraped = false, isRehearsal = false, observer = {} }: SessionOptions,
): Promise<Result> {
  const telemetry = await telemetryFor(context, isScraped);
  const all = telemetry ? observeAll([telemetry.observer, observer]) : observer;
  const bridge = await openBridge(loaded, { ...context, observer: all, isRehearsal, shutdown: context });
  try {
    return await body(bridge, loaded, telemetry);
  } finally {
    await bridge.close();
    await telemetry?.close();
  }
}

/** Reads the configured store for one command, without any key of a source or a sink. @throws ConfigError, StoreError */
export async function withRecords<Result>(
  context: Context,
  body: (stores: StoresToRead, loaded: LoadedStore, read: ReadConfig) => Promise<Result>,
): Promise<Result> {
  const read = await readConfigOf(context);
  const loaded = await loadStore(read, { ...context, secrets: secretResolvers(context) });
  return readStores(loaded, context, (stores) => body(stores, loaded, read));
}
