import { suggestion } from "../config/check/suggest.ts";
import type { ConfigError } from "../core/errors.ts";
import { parseStreamKey, type StreamKey } from "../core/names.ts";
import { parseDuration } from "../options/duration.ts";
import { usageError } from "./errors.ts";

/** A wrong choice on the command line, with the closest name. */
export function choiceError(
  field: string,
  what: string,
  found: string,
  names: readonly string[],
): ConfigError {
  const listed = names.join(", ") || "there is none";
  return usageError(field, `${what}: ${listed}${suggestion(found, names)}`, found);
}

/** Parses a duration above zero into milliseconds. @throws ConfigError */
export function durationMs(option: string, text: string): number {
  const ms = parseDuration(text);
  if (!ms) throw usageError(option, "a duration such as 10s, 15m or 7d", text);
  return ms;
}

const isoInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** Parses a duration ago or an ISO instant into epoch milliseconds. @throws ConfigError */
export function instantMs(option: string, text: string, nowMs: number): number {
  const agoMs = parseDuration(text);
  const ms = agoMs ? nowMs - agoMs : isoInstant.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw usageError(
    option,
    "a duration such as 10s, 15m or 7d, or an instant such as 2026-01-31T00:00:00Z",
    text,
  );
}

/** Parses a port from 0 (any free one) to 65535. @throws ConfigError */
export function portOf(option: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw usageError(option, "a port from 0 to 65535", text);
  return port;
}

/** Parses an address to listen on, such as 127.0.0.1:9400 or [::1]:9400. @throws ConfigError */
export function addressOf(option: string, text: string): { readonly host: string; readonly port: number } {
  const [, v6, other, port = ""] = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? other;
  if (host === undefined) throw usageError(option, "an address and a port, such as 127.0.0.1:9400", text);
  return { host, port: portOf(option, port) };
}

/** The streams with a key or an instance id; all of them without one. @throws ConfigError */
export function selectStreams(
  field: string,
  text: string | undefined,
  keys: readonly StreamKey[],
): readonly StreamKey[] {
  if (text === undefined) return keys;
  const chosen = keys.filter((key) => key === text || parseStreamKey(key)?.instanceId === text);
  if (chosen.length === 0) {
    throw choiceError(field, "a stream's key or instance id", text, keys);
  }
  return chosen;
}
