import { parseExactJson } from "../text/json.ts";
import { isSecretName, maskProse } from "../text/secret-shapes.ts";

const mask = "***";
const maxDepth = 32;
const maxBytes = 16 * 1024;

/** Replaces params that are too long for an event. */
export interface CutParams {
  readonly truncated: true;
  /** Length of the full text. */
  readonly characters: number;
  /** The first 16 KiB as text, secrets masked. */
  readonly beginning: string;
}

/**
 * Parses a task's `params` and masks secrets. Numbers stay as written, text that is not JSON stays text, and params
 * over 16 KiB become `CutParams`. Null when there are none.
 */
export function maskedParams(params: string | null): unknown {
  if (params === null || params === "") return null;
  if (params.length > maxBytes || Buffer.byteLength(params) > maxBytes) return cutParams(params);
  const value = parseExactJson(params);
  return value === undefined ? maskProse(params) : maskValue(value, 0);
}

function cutParams(params: string): CutParams {
  // Masked before cutting, so that a secret at the cut is still recognized.
  const masked = maskProse(params.slice(0, 2 * maxBytes));
  const { read } = new TextEncoder().encodeInto(masked, new Uint8Array(maxBytes));
  return { truncated: true, characters: params.length, beginning: masked.slice(0, read) };
}

/** Returns the value itself when nothing was masked. */
function maskValue(value: unknown, depth: number): unknown {
  if (depth > maxDepth) return mask;
  if (typeof value === "string") return maskText(value, depth);
  if (Array.isArray(value)) return maskList(value, depth);
  return isObject(value) ? maskObject(value, depth) : value;
}

/** A list of two may be a name-value pair. */
function maskList(list: readonly unknown[], depth: number): readonly unknown[] {
  const [name] = list;
  if (list.length === 2 && typeof name === "string" && isSecretName(name)) return [name, mask];
  const masked = list.map((item) => maskValue(item, depth + 1));
  return masked.every((item, index) => item === list[index]) ? list : masked;
}

function maskObject(object: Readonly<Record<string, unknown>>, depth: number): object {
  const entries = Object.entries(object);
  const isPair = entries.some(
    ([key, value]) => nameKey.test(key) && typeof value === "string" && isSecretName(value),
  );
  const masked = entries.map(([key, value]): readonly [string, unknown] => {
    const isSecret = isSecretName(key) || (isPair && valueKey.test(key));
    return [key, isSecret && value !== null ? mask : maskValue(value, depth + 1)];
  });
  const isSame = masked.every(([, value], index) => value === entries[index]?.[1]);
  // fromEntries defines own properties, so a key named __proto__ stays a key.
  return isSame ? object : Object.fromEntries(masked);
}

/** Keys that hold a parameter's name, and keys that hold its value. */
const nameKey = /(?:name|key|field|label|param|parameter|property|option|id)$/i;
const valueKey = /val(?:ues?)?$|^(?:default|text|content)$/i;

/** Masks JSON inside strings: DMS nests JSON texts. */
function maskText(text: string, depth: number): string {
  const nested = /^\s*["[{]/.test(text) ? parseExactJson(text) : undefined;
  if (nested === undefined) return maskProse(text);
  const masked = maskValue(nested, depth + 1);
  // Repeated keys: only the last value was checked.
  return masked === nested && keysIn(text) === keysIn(JSON.stringify(nested)) ? text : JSON.stringify(masked);
}

/** Counts keys: in JSON, strings before a colon. */
const keysIn = (json: string): number =>
  json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g).reduce((count, [, colon]) => count + (colon ? 1 : 0), 0);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;
