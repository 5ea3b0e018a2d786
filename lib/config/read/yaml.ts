import { type Document, type ErrorCode, isScalar, LineCounter, parseDocument, visit } from "yaml";
import { ConfigError } from "../../core/errors.ts";

const problems: Readonly<Partial<Record<ErrorCode, string>>> = {
  DUPLICATE_KEY: "a key that stands there twice",
  TAB_AS_INDENT: "a tab as indentation",
  BAD_INDENT: "wrong indentation",
  MULTIPLE_DOCS: "a second document",
  MISSING_CHAR: "a missing character",
  TAG_RESOLVE_FAILED: "a tag, or a value that is not in quotes",
};

/**
 * The value of a YAML 1.2 document, of which JSON is one.
 * @throws ConfigError with line and column of everything that is none, a repeated key or a custom tag
 */
export function parseDocumentText(text: string, name: string, format: "YAML" | "JSON"): unknown {
  const lineCounter = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      // The parser compares every two keys of a map, which takes minutes for 60,000.
      uniqueKeys: false,
      schema: format === "YAML" ? "core" : "json",
      logLevel: "error",
    });
    // A warning is an unknown tag, whose meaning we cannot give.
    const faults: Fault[] = [...document.errors, ...document.warnings].map(({ code, pos: [offset] }) => ({
      code,
      offset,
    }));
    // One such fault draws hundreds of others after it.
    if (faults.some(({ code }) => code === "RESOURCE_EXHAUSTION")) throw tooDeep(name, format);
    const issues = [...faults, ...repeatedKeys(document)].map(({ code, offset }) => {
      const { line, col } = lineCounter.linePos(offset);
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

interface Fault {
  readonly code: ErrorCode;
  /** In characters from the beginning. */
  readonly offset: number;
}

function repeatedKeys(document: Document): readonly Fault[] {
  const repeated: Fault[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const text = String(key.value);
        if (seen.has(text)) repeated.push({ code: "DUPLICATE_KEY", offset: key.range?.[0] ?? 0 });
        seen.add(text);
      }
    },
  });
  return repeated;
}

const tooDeep = (field: string, expected: string): ConfigError =>
  new ConfigError([{ field, expected, found: "too many levels" }]);
