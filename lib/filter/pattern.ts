import { ConfigError, type ConfigIssue } from "../core/errors.ts";
import { isRecord } from "../text/json.ts";
import { truncate } from "../text/one-line.ts";
import { compileOperator, isLeaf, type LeafTest, operatorNames } from "./operators.ts";

/** Condition on one field: any item may pass for a present leaf, or no leaf is present and that is allowed. */
export interface LeafNode {
  readonly kind: "leaf";
  readonly items: readonly PatternItem[];
  /** The pattern as JSON. */
  readonly text: string;
}

/** A value or operator in a field's list. */
export interface PatternItem {
  /** `absent` passes when no leaf is present. */
  readonly test: LeafTest | "absent";
  /** The item as JSON. */
  readonly text: string;
}

/** Every field must match, and one branch of each `$or`. */
export interface ObjectNode {
  readonly kind: "object";
  readonly fields: readonly (readonly [name: string, node: PatternNode])[];
  readonly alternatives: readonly ObjectNode[] | null;
}

/** A node of a compiled pattern. */
export type PatternNode = LeafNode | ObjectNode;

const maxDepth = 32;
const maxTests = 2_000;
const maxTextLength = 16_384;
const maxIssues = 50;
const maxFieldCharacters = 300;

/**
 * Compiles an EventBridge event pattern. `field` is the pattern's place in the configuration.
 * @throws ConfigError with every mistake in it
 */
export function compilePattern(pattern: unknown, field: string): ObjectNode {
  // Checked first, so that the recursion below is bounded.
  if (isTooDeep(pattern))
    throw new ConfigError([{ field, found: "more", expected: `at most ${maxDepth} levels` }]);
  const compilation = new Compilation();
  const node = compilation.object(pattern, field);
  if (compilation.tests > maxTests) {
    const [found, expected] = [String(compilation.tests), `at most ${maxTests} values and operators in all`];
    compilation.issues.push({ field, found, expected });
  }
  if (compilation.issues.length > 0) throw new ConfigError(bounded(compilation.issues, field));
  return node;
}

/** Keeps as many issues as a person can read. */
function bounded(issues: readonly ConfigIssue[], field: string): readonly ConfigIssue[] {
  if (issues.length <= maxIssues) return issues;
  const rest = {
    field,
    found: `${issues.length - maxIssues} more mistakes`,
    expected: "a pattern without them",
  };
  return [...issues.slice(0, maxIssues), rest];
}

/** One pass over a pattern: the issues found and the size read so far. */
class Compilation {
  readonly issues: ConfigIssue[] = [];
  tests = 0;

  object(pattern: unknown, field: string): ObjectNode {
    const nothing: ObjectNode = { kind: "object", fields: [], alternatives: null };
    const entries = isRecord(pattern) ? Object.entries(pattern) : [];
    if (entries.length === 0)
      return this.#refuse(field, pattern, "an object with at least one field", nothing);
    const fields = entries.filter(([name]) => name !== "$or");
    const or = entries.find(([name]) => name === "$or");
    return {
      kind: "object",
      fields: fields.map(([name, value]) => [name, this.#node(value, `${field}.${name}`)] as const),
      alternatives: or ? this.#alternatives(or[1], `${field}.$or`) : null,
    };
  }

  #node(value: unknown, field: string): PatternNode {
    if (isRecord(value)) return this.object(value, field);
    if (Array.isArray(value) && value.length > 0) return this.#leaf(value, field);
    const nothing: LeafNode = { kind: "leaf", items: [], text: "" };
    return this.#refuse(field, value, "an array of values and operators, or an object", nothing);
  }

  #alternatives(value: unknown, field: string): readonly ObjectNode[] {
    if (!Array.isArray(value) || value.length < 2)
      return this.#refuse(field, value, "an array of at least two objects", []);
    return value.map((branch, index) => this.object(branch, `${field}[${index}]`));
  }

  #leaf(items: readonly unknown[], field: string): LeafNode {
    this.tests += items.length;
    const compiled = items.flatMap((item, index) => {
      const test = this.#test(item, `${field}[${index}]`);
      return test ? [{ test, text: JSON.stringify(item) }] : [];
    });
    return { kind: "leaf", items: compiled, text: JSON.stringify(items) };
  }

  #test(item: unknown, field: string): LeafTest | "absent" | null {
    if (typeof item === "string" && item.length > maxTextLength) {
      return this.#refuse(field, item, `at most ${maxTextLength} characters`, null);
    }
    if (isLeaf(item)) return (leaf) => leaf === item;
    const [entry, ...more] = isRecord(item) ? Object.entries(item) : [];
    if (!entry || more.length > 0)
      return this.#refuse(field, item, "a value, or an object with one operator", null);
    const [name, argument] = entry;
    return name === "exists"
      ? this.#exists(argument, `${field}.exists`)
      : this.#operator(name, argument, field);
  }

  #exists(argument: unknown, field: string): LeafTest | "absent" | null {
    if (argument === true) return () => true;
    return argument === false ? "absent" : this.#refuse(field, argument, "true or false", null);
  }

  #operator(name: string, argument: unknown, field: string): LeafTest | null {
    if ((JSON.stringify(argument) ?? "").length > maxTextLength) {
      return this.#refuse(`${field}.${name}`, argument, `at most ${maxTextLength} characters`, null);
    }
    const compiled = compileOperator(name, argument);
    if (compiled === null) return this.#refuse(field, name, `one of ${operatorNames}`, null);
    if (typeof compiled === "function") return compiled;
    return this.#refuse(`${field}.${name}`, argument, compiled.expected, null);
  }

  #refuse<Instead>(field: string, found: unknown, expected: string, instead: Instead): Instead {
    this.issues.push({ field: shortPath(field), found: shortJson(found), expected });
    return instead;
  }
}

/** Shortens a path to its two ends: the place in the configuration, and the mistake's place. */
const shortPath = (field: string): string =>
  field.length <= maxFieldCharacters
    ? field
    : `${field.slice(0, maxFieldCharacters / 2)}…${field.slice(-maxFieldCharacters / 2)}`;

const isTooDeep = (value: unknown, levels = maxDepth): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isTooDeep(inner, levels - 1)));

const maxShownCharacters = 80;

/** A value as JSON of at most about 80 characters; `nothing` for undefined. */
export function shortJson(value: unknown): string {
  if (isTooDeep(value)) return "something very deep";
  return truncate(JSON.stringify(value) ?? "nothing", maxShownCharacters);
}
