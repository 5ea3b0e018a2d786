import {
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from "yaml";
import { ConfigError } from "../../core/errors.ts";
import type { TextSource } from "./text-source.ts";

const problems: Readonly<Partial<Record<YamlMistake["code"], string>>> = {
  BAD_MERGE: "a merge key (<<) with something else than an object or a list of objects",
  DUPLICATE_KEY: "a duplicate key",
  TAB_AS_INDENT: "a tab as indentation",
  BAD_INDENT: "wrong indentation",
  MULTIPLE_DOCS: "a second document",
  MISSING_CHAR: "a missing character",
  TAG_RESOLVE_FAILED: "a tag, or a value that is not in quotes",
  NO_ANCHOR: "an alias (*) without its anchor (&) before it",
};

/** The parsed document with its errors, and the table from offsets to lines and columns. */
export function documentOf({ text, format }: TextSource): {
  readonly document: Document;
  readonly lines: LineCounter;
} {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // The parser compares every pair of keys in a map, which takes minutes for 60,000.
    uniqueKeys: false,
    schema: format === "YAML" ? "core" : "json",
    merge: format === "YAML",
    logLevel: "error",
  });
  return { document, lines };
}

/**
 * Parses a YAML 1.2 document (JSON included), with merge keys (`<<`).
 * @throws ConfigError with line and column of the first syntax error, and of each duplicate key, custom tag or unknown alias
 */
export function documentValue(source: TextSource): unknown {
  const { name, format } = source;
  try {
    const { document, lines } = documentOf(source);
    // A warning is an unknown tag, which cannot be interpreted.
    const faults: YamlMistake[] = [...document.errors, ...document.warnings].map(
      ({ code, pos: [offset] }) => ({
        code,
        offset,
      }),
    );
    // One such error causes hundreds of others after it.
    if (faults.some(({ code }) => code === "RESOURCE_EXHAUSTION")) throw tooDeep(name, format);
    // A syntax error causes others after it.
    const issues = [...faults.slice(0, 1), ...wrongNodes(document)].map(({ code, offset }) => {
      const { line, col } = lines.linePos(offset);
      return {
        field: `${name}:${line}:${col}`,
        expected: format,
        found: problems[code] ?? code.toLowerCase().replaceAll("_", " "),
      };
    });
    if (issues.length > 0) throw new ConfigError(issues);
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(name, format);
    if (error instanceof ReferenceError) {
      throw new ConfigError([{ field: name, expected: "few aliases", found: "aliases that multiply" }]);
    }
    throw error;
  }
}

interface YamlMistake {
  readonly code: ErrorCode | "BAD_MERGE" | "NO_ANCHOR";
  /** Characters from the beginning. */
  readonly offset: number;
}

/** Whether a key is YAML's merge key, an unquoted `<<`. */
export const isMerge = (key: unknown): boolean => isScalar(key) && typeof key.value === "symbol";

/** Finds duplicate keys, merges of non-objects, and unknown aliases. */
function wrongNodes(document: Document): readonly YamlMistake[] {
  const faults: YamlMistake[] = [];
  const isMergeable = (value: unknown): boolean => isMap(isAlias(value) ? value.resolve(document) : value);
  visit(document, {
    Alias(_, alias) {
      if (!alias.resolve(document)) faults.push({ code: "NO_ANCHOR", offset: alias.range?.[0] ?? 0 });
    },
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key, value } of items) {
        if (!isScalar(key)) continue;
        const offset = key.range?.[0] ?? 0;
        const text = String(key.value);
        if (seen.has(text)) faults.push({ code: "DUPLICATE_KEY", offset });
        seen.add(text);
        if (isMerge(key) && !(isSeq(value) ? value.items : [value]).every(isMergeable))
          faults.push({ code: "BAD_MERGE", offset });
      }
    },
  });
  return faults;
}

const tooDeep = (field: string, expected: string): ConfigError =>
  new ConfigError([{ field, expected, found: "too many levels" }]);
