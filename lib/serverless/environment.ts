import { systemClock } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import { ConfigError } from "../core/errors.ts";
import { jsonLog } from "../telemetry/log.ts";
import type { WarmDeps } from "./warm.ts";

/** Parts that every function takes from its environment; `folder` holds its code and configuration. */
export function functionDeps(
  environment: Environment,
  folder: string,
  write: (line: string) => void,
): WarmDeps {
  const sinks = environment["BRIDGE_SINKS"];
  return {
    configFile: environment["BRIDGE_CONFIG"] ?? null,
    folder,
    environment,
    ...(sinks && { sinks: sinks.split(",").map((name) => name.trim()) }),
    clock: systemClock,
    random: Math.random,
    log: jsonLog(write, "info", systemClock.now),
  };
}

/** Reads a required variable. @throws ConfigError when it is not set */
export function required(environment: Environment, name: string, expected: string): string {
  const value = environment[name];
  if (value) return value;
  throw new ConfigError([{ field: name, found: "nothing", expected }]);
}
