import { existsSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { basename, dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConfigIssue } from "../../core/errors.ts";
import { truncate } from "../../text/one-line.ts";
import type { UserModule } from "./user-module.ts";

/** A place in a file; `position` is `:line:column`, or empty where it is not known. */
interface FilePlace {
  readonly file: string;
  readonly position: string;
}

/**
 * Why a user's module does not load, and where. Quotes only the names of modules and exports: an error's message may
 * quote the source, secrets included.
 */
export function moduleMistake(
  error: unknown,
  { path, field, isConfig }: UserModule,
  expected: string,
): ConfigIssue {
  const missing = error instanceof Error ? (missingModule(error) ?? missingExport(error)) : null;
  const place = missing?.place ?? (error instanceof Error ? placeOf(error, path) : null);
  const [found, hint] = missing
    ? [missing.found, ""]
    : [thrown(error), error instanceof Error ? " (see it with --debug)" : ""];
  if (isConfig && place?.file === path)
    return { field: `${basename(path)}${place.position}`, expected, found: `${found}${hint}` };
  const elsewhere = place ? ` in ${relative(dirname(path), place.file)}${place.position}` : "";
  return { field, expected, found: `${found}${elsewhere}${hint}` };
}

const mostCharacters = 80;

function thrown(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${error === null ? "null" : typeof error}`;
  const code = "code" in error && typeof error.code === "string" ? ` ${error.code}` : "";
  return truncate(`${error.name}${code}`.replace(/\s+/g, " "), mostCharacters);
}

interface Missing {
  readonly found: string;
  /** Null where the stack tells it. */
  readonly place: FilePlace | null;
}

/** An import that leads nowhere, and where it is written. */
function missingModule({ message }: Error): Missing | null {
  const [, target = "", file] =
    /^(?:Cannot find (?:module|package)|Directory import) '(.*?)'[^\n]*(?: imported from |\nRequire stack:\n- )(.*)/.exec(
      message,
    ) ?? [];
  if (file === undefined || !existsSync(file)) return null;
  const text = readFileSync(file, "utf8");
  const written = text
    .matchAll(/(["'])([^"'\n]+)\1/g)
    .find(
      ([, , specifier = ""]) =>
        `${specifier}/`.startsWith(`${target}/`) || resolve(dirname(file), specifier) === target,
    );
  const found = `no module ${JSON.stringify(written?.[2] ?? target)}`;
  // A module that the configuration names is imported by the product's own code, which says nothing to its author.
  return { found, place: written ? { file, position: positionOf(text, written.index) } : null };
}

function missingExport({ message }: Error): Missing | null {
  const [, from, name] =
    /^The requested module '(.*?)' does not provide an export named '(.*?)'/.exec(message) ?? [];
  return from ? { found: `no export ${JSON.stringify(name)} in ${JSON.stringify(from)}`, place: null } : null;
}

function positionOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `:${before.length}:${(before.at(-1) ?? "").length + 1}`;
}

const ownFolder = new URL(".", import.meta.url).href;
const frame = /(?:^|\(|at (?:async )?)((?:file:\/\/)?(?:\/|[A-Z]:\\)[^\n]*?):(\d+)(?::(\d+))?\)?$/gm;

/** The place of an error in the user's files; null where its stack has none. */
function placeOf(error: Error, path: string): FilePlace | null {
  const { stack = "", message } = error;
  for (const [, place = "", line = "", column] of stack.matchAll(frame)) {
    if (place.startsWith(ownFolder)) break;
    const file = place.startsWith("file:") ? fileURLToPath(place) : place;
    return { file, position: `:${line}:${column ?? caretIn(stack)}` };
  }
  if (!(error instanceof SyntaxError)) return null;
  const [, json] = /^(.*\.json): /.exec(message) ?? [];
  return json === undefined ? syntaxPlace(path) : { file: json, position: "" };
}

/** A syntax error shows its column by a caret. */
const caretIn = (stack: string): number => /^ *\^/m.exec(stack)?.[0].length ?? 1;

/** Node does not tell where JavaScript is wrong; its parser of TypeScript does. */
function syntaxPlace(file: string): FilePlace | null {
  try {
    stripTypeScriptTypes(readFileSync(file, "utf8"));
    return null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { stack = "" } = error;
    const [, line] = /^:(\d+)$/m.exec(stack) ?? [];
    return line === undefined ? null : { file, position: `:${line}:${caretIn(stack)}` };
  }
}
