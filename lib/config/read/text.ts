import { ConfigError } from "../../core/errors.ts";

/** @throws ConfigError with line and column of everything that is no YAML 1.2, a repeated key or a custom tag */
export const parseYaml = (text: string, name: string): Promise<unknown> => parsed(text, name, "YAML");

/** @throws ConfigError as for YAML: JSON.parse alone would keep the last of two equal keys without a word */
export async function parseJson(text: string, name: string): Promise<unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (keysWritten(text) === keysKept(value)) return value;
  } catch (error) {
    if (error instanceof RangeError) return parsed(text, name, "JSON");
    if (!(error instanceof SyntaxError)) throw error;
    await parsed(text, name, "JSON");
    // YAML that is no JSON. The message quotes the text, so only the place is taken from it.
    const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(error.message) ?? [];
    const place = line && column ? `${name}:${line}:${column}` : name;
    throw new ConfigError([{ field: place, expected: "JSON", found: "something else" }]);
  }
  return parsed(text, name, "JSON");
}

/** The parser is loaded when something must be said of the text that JSON.parse cannot say. */
async function parsed(text: string, name: string, format: "YAML" | "JSON"): Promise<unknown> {
  const { parseDocumentText } = await import("./yaml.ts");
  return parseDocumentText(text, name, format);
}

/** In JSON a string before a colon is a key. */
const keysWritten = (text: string): number =>
  text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g).reduce((count, [, colon]) => count + (colon ? 1 : 0), 0);

function keysKept(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((count: number, each) => count + keysKept(each), own);
}
