/** Parses JSON text; undefined, which JSON cannot express, when it is invalid. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Whether JSON text holds more than `most` values, without parsing it: a value of two bytes takes a hundred bytes in
 * memory.
 */
export function hasMoreValues(text: string, most: number): boolean {
  // Each value but the first follows a separator character.
  if (text.length <= most) return false;
  let values = 1;
  let isQuoted = false;
  for (let at = 0; at < text.length && values <= most; at++) {
    const character = text.charCodeAt(at);
    if (character === quote) isQuoted = !isQuoted;
    else if (isQuoted) at += character === backslash ? 1 : 0;
    else if (character === comma || character === bracket || character === brace) values += 1;
  }
  return values > most;
}

const [quote, backslash, comma, bracket, brace] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b];

/**
 * Numbers that JavaScript may write differently: 9223372036854775807, 1e400, 0.10, -0. May also match inside strings.
 */
const unusualNumber =
  /(?:^|[[:,\s])-?(?:0(?=[\s,\]}]|$)(?<=-0)|0\.0{6}|\d+\.\d*0(?=[\s,\]}]|$)|\d[\d.]{15}|\d[\d.]*[eE])/;

/**
 * Parses JSON and keeps numbers as they are written. A number that JavaScript would write differently becomes a
 * `JSON.rawJSON` value: `JSON.stringify` writes it back unchanged, `exactNumber` returns its text. Undefined for
 * invalid JSON.
 */
export function parseExactJson(text: string): unknown {
  const value = parseJson(text);
  if (value === undefined || !unusualNumber.test(text)) return value;
  try {
    return exactly(text);
  } catch (error) {
    // Reviving needs a stack frame per level; JSON.parse does not.
    if (error instanceof RangeError) return value;
    throw error;
  }
}

/** Not yet declared in TypeScript's library. */
interface SourceText {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
}
interface RawJson {
  readonly rawJSON: string;
}
const sourceText = JSON as unknown as SourceText;

const exactly = (text: string): unknown =>
  sourceText.parse(text, (_key, value, { source }) =>
    typeof value === "number" && source !== undefined && JSON.stringify(value) !== source
      ? sourceText.rawJSON(source)
      : value,
  );

/** Original text of a number that `parseExactJson` preserved; null for any other value. */
export const exactNumber = (value: unknown): string | null =>
  sourceText.isRawJSON(value) ? value.rawJSON : null;

/**
 * Writes a value as JSON without control characters, line separators or direction marks: `JSON.stringify` leaves DEL,
 * the C1 controls, Unicode's separators and direction marks unescaped.
 */
export const safeJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\p{Bidi_Control}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** Adds a member, whose value is JSON, to the text of a JSON object that has others. It comes first. */
export const withMember = (object: string, name: string, value: string): string =>
  `{"${name}":${value},${object.slice(1)}`;

/** Whether a value is a JSON object, not a list or null. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Fields of a JSON object; empty for any other value. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {});

/** One field of a JSON object as text, numbers as written; null when it is missing or neither text nor number. */
export function fieldText(value: unknown, name: string): string | null {
  const field = isRecord(value) && Object.hasOwn(value, name) ? value[name] : null;
  return typeof field === "string" ? field : typeof field === "number" ? String(field) : null;
}
