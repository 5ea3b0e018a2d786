import { readFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { parseExactJson } from "../text/json.ts";
import type { Context } from "./context.ts";
import { usageError } from "./errors.ts";

/**
 * Reads the JSON of `--event`: a file, or stdin for `-`. Undefined when it is no JSON.
 * @throws UsageError when the file cannot be read
 */
export const readEventFile = async (context: Context, file: string): Promise<unknown> =>
  parseExactJson(file === "-" ? await text(context.input) : await fileText(context, file));

async function fileText({ folder }: Context, file: string): Promise<string> {
  try {
    return await readFile(path.resolve(folder, file), "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw usageError("--event", `a file that can be read (${error.code})`, file);
  }
}
