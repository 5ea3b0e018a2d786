import { parseExactJson } from "../text/json.ts";
import { isSecretName, maskProse } from "../text/secret-shapes.ts";

const mask = "***";
const maxDepth = 32;
const maxBytes = 16 * 1024;

/** What an event holds in place of longer params. */
export interface CutParams {
  readonly truncated: true;
  /** Of the whole. */
  readonly characters: number;
  /** The first 16 KiB as text, secrets masked. */
  readonly beginning: string;
}

/**
 * A task's `params` as a value, with what looks like a secret masked. Numbers stay as the API wrote them, text that is no
 * JSON stays text, and params over 16 KiB are a `CutParams`. Null when there are none.
 */
export function maskedParams(params: string | null): unknown {
  if (params === null || params === "") return null;
  if (params.length > maxBytes || Buffer.byteLength(params) > maxBytes) return cutParams(params);
  const value = parseExactJson(params);
  return value === undefined ? maskProse(params) : maskValue(value, 0);
}

function cutParams(params: string): CutParams {
  // Masked before it is cut, so that a secret at the cut is seen whole.
  const masked = maskProse(params.slice(0, 2 * maxBytes));
  const { read } = new TextEncoder().encodeInto(masked, new Uint8Array(maxBytes));
  return { truncated: true, characters: params.length, beginning: masked.slice(0, read) };
}

/** The value itself where nothing in it is masked. */
function maskValue(value: unknown, depth: number): unknown {
  if (depth > maxDepth) return mask;
  if (typeof value === "string") return maskText(value, depth);
  if (Array.isArray(value)) return maskList(value, depth);
  return isObject(value) ? maskObject(value, depth) : value;
}

/** A list of two may be a name and its value. */
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

/** Where an object names a parameter, and where it has that parameter's value. */
const nameKey = /(?:name|key|field|label|param|parameter|property|option|id)$/i;
const valueKey = /val(?:ues?)?$|^(?:default|text|content)$/i;

/** DMS puts JSON inside strings of its JSON; a secret may sit there too. */
function maskText(text: string, depth: number): string {
  const nested = /^\s*["[{]/.test(text) ? parseExactJson(text) : undefined;
  if (nested === undefined) return maskProse(text);
  const masked = maskValue(nested, depth + 1);
  // Of a repeated key only the last value was looked at.
  return masked === nested && keysIn(text) === keysIn(JSON.stringify(nested)) ? text : JSON.stringify(masked);
}

/** In JSON a string before a colon is a key. */
const keysIn = (json: string): number =>
  json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g).reduce((count, [, colon]) => count + (colon ? 1 : 0), 0);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;
