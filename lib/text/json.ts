/** Parses text from outside. Undefined, which JSON cannot say, when it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Whether JSON text holds more values than so many, told without parsing it: a value of two bytes takes memory for a
 * hundred.
 */
export function hasMoreValues(text: string, most: number): boolean {
  // Each value but the first stands behind a character of its own.
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

/** Numbers that JavaScript may write in another way: 9223372036854775807, 1e400, 0.10, -0. A text in quotes may match, too. */
const unusualNumber =
  /(?:^|[[:,\s])-?(?:0(?=[\s,\]}]|$)(?<=-0)|0\.0{6}|\d+\.\d*0(?=[\s,\]}]|$)|\d[\d.]{15}|\d[\d.]*[eE])/;

/**
 * Parses JSON whose numbers must stay as they are written. A number that JavaScript would write in another way becomes a
 * `JSON.rawJSON` value, which `JSON.stringify` writes back unchanged; `exactNumber` has its text. Undefined for no JSON.
 */
export function parseExactJson(text: string): unknown {
  const value = parseJson(text);
  if (value === undefined || !unusualNumber.test(text)) return value;
  try {
    return exactly(text);
  } catch (error) {
    // Reviving takes a stack frame for each level; JSON.parse does not.
    if (error instanceof RangeError) return value;
    throw error;
  }
}

/** What TypeScript's library does not declare yet. */
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

/** The text of a number that `parseExactJson` kept as it was written; null for any other value. */
export const exactNumber = (value: unknown): string | null =>
  sourceText.isRawJSON(value) ? value.rawJSON : null;

/**
 * A value as JSON that nothing takes for a command, a line break or a change of direction: JSON itself leaves DEL, the C1
 * controls, Unicode's separators and its direction marks as they are.
 */
export const safeJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\p{Bidi_Control}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** Whether a value is a JSON object: no list, no null. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value's fields; none when it is no JSON object. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {});

/** One field of a JSON object as text, a number as it is written; null when there is no such field, or it is neither. */
export function fieldText(value: unknown, name: string): string | null {
  const field = isRecord(value) && Object.hasOwn(value, name) ? value[name] : null;
  return typeof field === "string" ? field : typeof field === "number" ? String(field) : null;
}
