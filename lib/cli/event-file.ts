import { text } from "node:stream/consumers";
import { jsonMistake } from "../config/read/json-mistake.ts";
import { ConfigError } from "../core/errors.ts";
import { parseExactJson } from "../text/json.ts";
import type { Context } from "./context.ts";
import { textOfFile } from "./file-argument.ts";

/**
 * Reads the JSON of `--event`: a file, or stdin for `-`.
 * @throws ConfigError when the file cannot be read, or is no JSON
 */
export async function readEventFile(context: Context, file: string): Promise<unknown> {
  const written = file === "-" ? await text(context.input) : textOfFile("--event", file, context.folder);
  const parsed = parseExactJson(written);
  if (parsed !== undefined) return parsed;
  throw new ConfigError([
    jsonMistake({ name: file === "-" ? "stdin" : file, text: written, format: "JSON" }),
  ]);
}
