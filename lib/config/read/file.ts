import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { ConfigError } from "../../core/errors.ts";
import { isPlainObject } from "../resolve/expand.ts";
import { importModule, runUserCode } from "./module.ts";
import { parseJson, parseYaml } from "./text.ts";
import type { TextSource } from "./text-source.ts";

/** A configuration file's content. */
export interface Written {
  /** The file's name, for messages. */
  readonly name: string;
  readonly value: unknown;
  /** Null where no text was read. */
  readonly source: TextSource | null;
}

const fromModule = async (path: string): Promise<Written> => {
  const source: TextSource = { name: basename(path), text: readText(path), format: "module" };
  const { name } = source;
  const own = { path, field: name, isConfig: true };
  const value = await shown(source, async () => {
    const module = await importModule(own);
    if (!("default" in module)) throw problem(name, "a default export, the configuration", "none");
    const { default: exported } = module;
    return runUserCode({ ...own, field: "configuration" }, async () => {
      const written: unknown = await (typeof exported === "function" ? exported() : exported);
      readThrough(written);
      return written;
    });
  });
  return { name, value, source };
};

/** Reads every value once, so that a getter that throws is the module's own mistake. */
function readThrough(value: unknown, seen = new Set<unknown>()): void {
  if (seen.has(value) || !(Array.isArray(value) || isPlainObject(value))) return;
  seen.add(value);
  for (const each of Object.values(value)) readThrough(each, seen);
}

/** Shows the line of a syntax error; what shows it is loaded only then. */
async function shown(source: TextSource, read: () => Promise<unknown>): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { placed } = await import("./places.ts");
    throw placed(error, source);
  }
}

const fromText =
  (format: TextSource["format"], parse: typeof parseYaml) =>
  async (path: string): Promise<Written> => {
    const source = { name: basename(path), text: readText(path), format };
    return { name: source.name, value: await shown(source, () => parse(source.text, source.name)), source };
  };

/** Readers by file extension. */
const readers: Readonly<Record<string, (path: string) => Promise<Written>>> = {
  ".ts": fromModule,
  ".mts": fromModule,
  ".js": fromModule,
  ".mjs": fromModule,
  ".json": fromText("JSON", parseJson),
  ".yaml": fromText("YAML", parseYaml),
  ".yml": fromText("YAML", parseYaml),
};

const defaultNames = Object.keys(readers).map((extension) => `bridge.config${extension}`);
const maxBytes = 1_048_576;

/** Reads a configuration from text without checking it: JSON where it begins with a brace, YAML otherwise. @throws ConfigError */
export async function readConfigText(text: string, name: string): Promise<Written> {
  const format = /^\s*\{/.test(text) ? "JSON" : "YAML";
  const source: TextSource = { name, text, format };
  const parse = format === "JSON" ? parseJson : parseYaml;
  return { name, value: await shown(source, () => parse(text, name)), source };
}

/** Finds the one `bridge.config.*` in a folder. @throws ConfigError when there is none, or several */
export function findConfigFile(folder: string): string {
  const names = existing(() => readdirSync(folder), "working folder").toSorted();
  const [name, ...others] = names.filter((candidate) => defaultNames.includes(candidate));
  if (name === undefined) {
    const expected = `one of ${defaultNames.join(", ")} in the working folder, or --config`;
    throw problem("configuration", expected, "none");
  }
  if (others.length === 0) return join(folder, name);
  throw problem("configuration", "one file, or --config to choose", [name, ...others].join(" and "));
}

/** Reads a configuration file without checking it. @throws ConfigError when it cannot be read */
export async function readConfigFile(path: string): Promise<Written> {
  const name = basename(path);
  const extension = extname(path).toLowerCase();
  const read = Object.hasOwn(readers, extension) ? readers[extension] : undefined;
  if (!read) throw problem(name, `a file ending in ${Object.keys(readers).join(", ")}`, "another ending");
  const stats = existing(() => statSync(path), name);
  if (!stats.isFile()) throw problem(name, "a file", "something else");
  if (stats.size > maxBytes) throw problem(name, "at most 1 MiB", `${stats.size} bytes`);
  return read(path);
}

function readText(path: string): string {
  const bytes = existing(() => readFileSync(path), basename(path));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw problem(basename(path), "UTF-8 text", "other bytes");
    throw error;
  }
}

const absences: ReadonlyMap<unknown, string> = new Map([
  ["ENOENT", "none"],
  ["ENOTDIR", "none"],
  ["EACCES", "no permission to read it"],
  ["EPERM", "no permission to read it"],
  ["EISDIR", "a folder"],
  ["ELOOP", "a link to itself"],
  ["ENAMETOOLONG", "too long a name"],
]);

function existing<Result>(read: () => Result, name: string): Result {
  try {
    return read();
  } catch (error) {
    const found = error instanceof Error && "code" in error ? absences.get(error.code) : undefined;
    if (found === undefined) throw error;
    throw problem(name, "a file that can be read", found);
  }
}

const problem = (field: string, expected: string, found: string): ConfigError =>
  new ConfigError([{ field, expected, found }]);
