import process from "node:process";
import { describeFound } from "../config/describe-found.ts";
import * as load from "../config/load.ts";
import { systemClock } from "../core/clock.ts";
import { ConfigError } from "../core/errors.ts";
import { jsonLog } from "../telemetry/log.ts";
import { isRecord } from "../text/json.ts";
import * as wired from "./bridge.ts";

/**
 * Reads and checks a configuration file and fills in defaults; null means the one `bridge.config.*` in the folder.
 * `environment` and `folder` default to the process's own.
 * @throws ConfigError with every issue, and without secrets
 */
export async function loadConfig(
  file: string | null = null,
  deps: Partial<load.LoadDeps> = {},
): Promise<load.LoadedConfig> {
  requireThat(file === null || typeof file === "string", "file", "a path, or null", file);
  return load.loadConfig(file, loadDeps(deps));
}

/**
 * Checks a configuration that is already a value and fills in defaults; relative paths start at the folder.
 * `environment` and `folder` default to the process's own.
 * @throws ConfigError with every issue, and without secrets
 */
export const loadConfigValue = async (
  value: unknown,
  deps: Partial<load.LoadDeps> = {},
): Promise<load.LoadedConfig> => load.loadConfigValue(value, loadDeps(deps));

/**
 * Opens the stores, sources and sinks of a configuration. `clock`, `random` and `environment` default to the machine's
 * own, and `log` to one JSON object per warning or error on stderr.
 * @throws ConfigError, StoreError
 */
export async function openBridge(
  loaded: load.LoadedConfig,
  deps: Partial<wired.BridgeDeps> = {},
): Promise<wired.Bridge> {
  const isLoaded = isRecord(loaded) && isRecord(loaded.config) && loaded.sinks instanceof Map;
  requireThat(isLoaded, "loaded", "what loadConfig or loadConfigValue resolves with", loaded);
  requireThat(isRecord(deps), "deps", "an object", deps);
  const { environment = process.env, clock = systemClock, random = Math.random } = deps;
  requireThat(isRecord(environment), "deps.environment", "an object of variables", environment);
  const isClock = isRecord(clock) && isFunction(clock.now) && isFunction(clock.sleep);
  requireThat(isClock, "deps.clock", "an object with the functions now and sleep", clock);
  requireThat(isFunction(random), "deps.random", "a function such as Math.random", random);
  const { log = jsonLog((line) => process.stderr.write(line), "warn", clock.now) } = deps;
  requireThat(isFunction(log), "deps.log", "a function such as silentLog, or one that jsonLog makes", log);
  return wired.openBridge(loaded, { ...deps, environment, clock, random, log });
}

function loadDeps(deps: Partial<load.LoadDeps>): load.LoadDeps {
  requireThat(isRecord(deps), "deps", "an object", deps);
  const { environment = process.env, folder = process.cwd() } = deps;
  requireThat(isRecord(environment), "deps.environment", "an object of variables", environment);
  requireThat(typeof folder === "string", "deps.folder", "a path", folder);
  return { ...deps, environment, folder };
}

const isFunction = (value: unknown): boolean => typeof value === "function";

/** Refuses an argument of a program that no compiler has checked. @throws ConfigError */
function requireThat(isRight: boolean, field: string, expected: string, value: unknown): void {
  if (isRight) return;
  throw new ConfigError([{ field, expected, found: describeFound(value, [], new Map()) }]);
}
