import { ConfigError, type ConfigIssue } from "../../core/errors.ts";
import type { TextSource } from "./text-source.ts";

/** Parses YAML 1.2. @throws ConfigError with line and column of each syntax error, duplicate key or custom tag */
export const parseYaml = (text: string, name: string): Promise<unknown> =>
  parsedDocument({ name, text, format: "YAML" });

/** Parses JSON. @throws ConfigError as for YAML: JSON.parse alone would silently keep the last of two duplicate keys */
export async function parseJson(text: string, name: string): Promise<unknown> {
  const source: TextSource = { name, text, format: "JSON" };
  try {
    const value: unknown = JSON.parse(text);
    if (keysWritten(text) === keysKept(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    const mistake = await mistakeIn(source);
    if (mistake) throw new ConfigError([mistake]);
  }
  return parsedDocument(source);
}

/** Null for a text nested too deeply; the YAML parser reports that. */
async function mistakeIn(source: TextSource): Promise<ConfigIssue | null> {
  const { jsonMistake } = await import("./json-mistake.ts");
  try {
    return jsonMistake(source);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Loads the YAML parser only to report what JSON.parse cannot. */
async function parsedDocument(source: TextSource): Promise<unknown> {
  const { documentValue } = await import("./yaml.ts");
  return documentValue(source);
}

/** Counts keys: in JSON, a string before a colon. */
const keysWritten = (text: string): number =>
  text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g).reduce((count, [, colon]) => count + (colon ? 1 : 0), 0);

function keysKept(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((count: number, each) => count + keysKept(each), own);
}
