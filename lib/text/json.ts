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
 * A value as JSON that nothing takes for a command or a line break: JSON itself leaves DEL, the C1 controls and Unicode's
 * separators as they are.
 */
export const safeJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** One field of a JSON object as text, a number as it is written; null when there is no such field, or it is neither. */
export function fieldText(value: unknown, name: string): string | null {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return null;
  const field: unknown = Reflect.get(value, name);
  return typeof field === "string" ? field : typeof field === "number" ? String(field) : null;
}
