import { readFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import type { Environment } from "../core/environment.ts";
import { usageError } from "./errors.ts";

/**
 * Adds the variables of files of the form NAME=value. The environment's own win; a later file wins over an earlier one.
 * @throws ConfigError for a file that cannot be read
 */
export function withEnvFiles(
  environment: Environment,
  files: readonly string[],
  folder: string,
): Environment {
  return Object.assign({}, ...files.map((file) => variablesIn(file, folder)), environment);
}

function variablesIn(file: string, folder: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(path.resolve(folder, file), "utf8"));
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw usageError("--env-file", `a file that can be read (${error.code})`, file);
  }
}
