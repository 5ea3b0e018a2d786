import {
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
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
  MULTILINE_IMPLICIT_KEY: "a key without a colon, or over several lines",
  BLOCK_AS_IMPLICIT_KEY: "a second key, or a list, on the line of a key",
  BAD_SCALAR_START: "a value that must be in quotes",
  BAD_DQ_ESCAPE: "a wrong escape in double quotes",
  UNEXPECTED_TOKEN: "something that does not belong here",
  MULTIPLIED: "aliases that multiply",
  TAG_RESOLVE_FAILED: "a tag, or a value that is not in quotes",
  NO_ANCHOR: "an alias (*) without its anchor (&) before it",
  RESOURCE_EXHAUSTION: "too many levels",
};

/** Missing parts, by words of the parser's message, which may quote the text. */
const missing: readonly (readonly [RegExp, string])[] = [
  [/^Missing closing (['"])quote/, "no closing $1 of a text"],
  [/^Flow (?:map|sequence) .*end with a ([}\]])/, "no closing $1"],
  [/^Missing , between/, "no comma between two items"],
  [/^Missing , or : between/, "no comma or colon between two items"],
  [/^Missing space after :/, "no space after a colon"],
  [/^Comments must be separated/, "no space before a comment (#)"],
  [/^Implicit map keys need/, "no colon after a key"],
  [/^Sequence item without -/, "no dash before an item of a list"],
  [/^Tags and anchors must be separated/, "no space after a tag (!) or an anchor (&)"],
  [/^Missing newline/, "no line break after a tag (!) or an anchor (&)"],
  [/^Missing directives-end/, "no line --- after the directives (%)"],
];

/** Describes a mistake without quoting the text. */
function problemOf({ code, message = "", offset }: YamlMistake, text: string): string {
  // Within braces or brackets, as in `{ ak: ${AK} }`, the variable's own braces are YAML's.
  if (text.startsWith("${", offset - 1)) return "a variable that must be in quotes here";
  for (const [pattern, found] of missing) {
    const match = pattern.exec(message);
    if (match) return found.replace("$1", match[1] ?? "");
  }
  return problems[code] ?? code.toLowerCase().replaceAll("_", " ");
}

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
      ({ code, message, pos: [offset] }) => ({ code, message, offset }),
    );
    // A syntax error causes others after it, too many levels hundreds before it.
    const first = faults.find(({ code }) => code === "RESOURCE_EXHAUSTION") ?? faults[0];
    const issues = [...(first ? [first] : []), ...wrongNodes(document)].map((fault) => {
      const { line, col } = lines.linePos(fault.offset);
      return { field: `${name}:${line}:${col}`, expected: format, found: problemOf(fault, source.text) };
    });
    if (issues.length > 0) throw new ConfigError(issues);
    return document.toJS({ maxAliasCount: -1 });
  } catch (error) {
    if (error instanceof RangeError)
      throw new ConfigError([{ field: name, expected: format, found: "too many levels" }]);
    throw error;
  }
}

interface YamlMistake {
  readonly code: ErrorCode | "BAD_MERGE" | "NO_ANCHOR" | "MULTIPLIED";
  /** The parser's message. @default none */
  readonly message?: string;
  /** Characters from the beginning. */
  readonly offset: number;
}

/** Whether a key is YAML's merge key, an unquoted `<<`. */
export const isMerge = (key: unknown): boolean => isScalar(key) && typeof key.value === "symbol";

/** The node of each alias: the last one with its anchor before it. `Alias.resolve` reads the whole document each time. */
export function aliasTargets(document: Document): ReadonlyMap<unknown, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<unknown, Node>();
  visit(document, {
    Alias(_, alias) {
      const target = anchors.get(alias.source);
      if (target) targets.set(alias, target);
    },
    Value(_, node) {
      if (node.anchor) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

/** Finds duplicate keys, merges of non-objects, unknown aliases, and the first alias that makes too many values. */
function wrongNodes(document: Document): readonly YamlMistake[] {
  const faults: YamlMistake[] = [];
  const targets = aliasTargets(document);
  const sizes = new Map<unknown, number>();
  let copied = 0;
  const isMergeable = (value: unknown): boolean => isMap(targets.get(value) ?? value);
  visit(document, {
    Alias(_, alias) {
      const offset = alias.range?.[0] ?? 0;
      if (!targets.has(alias)) faults.push({ code: "NO_ANCHOR", offset });
      if (copied > mostCopied) return;
      copied += sizeOf(alias, targets, sizes);
      if (copied > mostCopied) faults.push({ code: "MULTIPLIED", offset });
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

/** More values than any real configuration has. */
const mostCopied = 50_000;

/** Number of values in a node, those of its aliases included. */
function sizeOf(node: unknown, targets: ReadonlyMap<unknown, Node>, sizes: Map<unknown, number>): number {
  const known = sizes.get(node);
  if (known !== undefined) return known;
  // An alias may stand within its own anchor.
  sizes.set(node, 1);
  const size = childrenOf(node, targets).reduce((sum: number, each) => sum + sizeOf(each, targets, sizes), 1);
  sizes.set(node, size);
  return size;
}

function childrenOf(node: unknown, targets: ReadonlyMap<unknown, Node>): readonly unknown[] {
  if (isMap(node)) return node.items.map(({ value }) => value);
  if (isSeq(node)) return node.items;
  return isAlias(node) ? [targets.get(node)] : [];
}
