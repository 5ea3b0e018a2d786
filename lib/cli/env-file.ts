import { parseEnv } from "node:util";
import type { Environment } from "../core/environment.ts";
import { ConfigError } from "../core/errors.ts";
import { textOfFile } from "./file-argument.ts";

/**
 * Adds the variables of files of the form NAME=value. The environment's own win; a later file wins over an earlier one.
 * @throws ConfigError for a file that cannot be read, or a line of another form
 */
export function withEnvFiles(
  environment: Environment,
  files: readonly string[],
  folder: string,
): Environment {
  return Object.assign({}, ...files.map((file) => variablesIn(file, folder)), environment);
}

function variablesIn(file: string, folder: string): NodeJS.Dict<string> {
  const text = textOfFile("--env-file", file, folder);
  const rest = text.replace(variable, (found) => found.replace(/[^\n]/g, ""));
  const wrong = rest.split("\n").findIndex((line) => !/^\s*(#|$)/.test(line));
  if (wrong === -1) return parseEnv(text);
  throw new ConfigError([
    { field: `${file}:${wrong + 1}`, expected: "NAME=value", found: "a line without a name and =" },
  ]);
}

/** A variable: its value may be in quotes, and then have several lines. */
const variable = /^[ \t]*(?:export[ \t]+)?[^\s=#]+[ \t]*=[ \t]*(?:"[^"]*"|'[^']*'|`[^`]*`)?.*$/gm;
