import { suggestion } from "../config/check/suggest.ts";
import type { ConfigError } from "../core/errors.ts";
import { parseStreamKey, type StreamKey } from "../core/names.ts";
import { parseDuration } from "../options/duration.ts";
import { shortNames } from "../status/names.ts";
import type { StreamStatus } from "../status/streams.ts";
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

/** Fewest characters of an id that stand for it. */
export const leastIdCharacters = 6;

/**
 * The streams that a text names: by key, instance id, the first six characters of one or more, instance name, or the short
 * name that tables show. All of them without a text.
 * @throws ConfigError for none, and for one name or beginning of several
 */
export function selectStreams(
  field: string,
  text: string | undefined,
  streams: readonly NamedStream[],
): readonly StreamKey[] {
  const keys = streams.map(({ key }) => key);
  if (text === undefined) return keys;
  const exact = keys.filter((key) => key === text || instanceOf(key) === text);
  if (exact.length > 0) return exact;
  const short = shortNames(streams);
  const meant = streams.filter(
    ({ key, name }) =>
      name === text ||
      short.get(key) === text ||
      (text.length >= leastIdCharacters && instanceOf(key)?.startsWith(text)),
  );
  const found = meant.map(({ key }) => key);
  if (found.length > 1) throw usageError(field, `one stream, and this fits ${found.join(" and ")}`, text);
  if (found.length === 1) return found;
  const names = streams.flatMap(({ key, name }) => [key, instanceOf(key) ?? [], name ?? []].flat());
  const listed = keys.join(", ") || "there is none";
  const expected = `a stream's key, or its instance's id, first ${leastIdCharacters} characters or name`;
  throw usageError(field, `${expected}: ${listed}${suggestion(text, names)}`, text);
}

/** Whether a text can stand for an id. @throws ConfigError for one that is too short */
export function requireId(field: string, what: string, text: string): void {
  if (text.length >= leastIdCharacters) return;
  throw usageError(field, `${what}'s id, or at least ${leastIdCharacters} characters of it`, text);
}

/** Of ids that begin or end with a text, the one it names; null for none. @throws ConfigError for several */
export function theOneId(field: string, text: string, ids: Iterable<string>): string | null {
  const fitting = new Set(ids);
  if (fitting.has(text)) return text;
  const [id, ...others] = fitting;
  if (others.length > 0) throw usageError(field, `one id, and this fits ${[...fitting].join(" and ")}`, text);
  return id ?? null;
}

/** A stream with its instance's name, null where it is not known. */
export interface NamedStream extends Pick<StreamStatus, "name"> {
  readonly key: StreamKey;
}

const instanceOf = (key: StreamKey): string | undefined => parseStreamKey(key)?.instanceId;
