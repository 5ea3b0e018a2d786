import type { CloudEvent } from "../change/event.ts";
import { isLeaf, type Leaf } from "./filter-operators.ts";
import {
  compilePattern,
  type LeafNode,
  type ObjectNode,
  type PatternNode,
  shortJson,
} from "./filter-pattern.ts";

/** A sink's filter: an EventBridge event pattern, compiled. */
export interface Filter {
  matches(event: CloudEvent): boolean;
  /** Why the event does not match; empty when it does. */
  explain(event: CloudEvent): readonly Miss[];
}

/** A field that keeps an event out. */
export interface Miss {
  /** Dotted path in the event; `$or[0].` before it where only one branch asks for it. */
  readonly field: string;
  /** The pattern there, as JSON. */
  readonly expected: string;
  /** The event's value there as JSON, shortened; `nothing` where it has none. */
  readonly found: string;
}

/**
 * Compiles a filter. `field` is where the pattern stands in the configuration, for messages.
 * @throws ConfigError with everything that is wrong in the pattern
 */
export function compileFilter(pattern: unknown, field = "filter"): Filter {
  const root = compilePattern(pattern, field);
  return {
    matches: (event) => match(root, event) !== "no",
    explain: (event) => explain(root, event, ""),
  };
}

/** `absent` is a match by nothing but `exists: false`. */
type Match = "no" | "absent" | "present";

const match = (node: PatternNode, value: unknown): Match =>
  node.kind === "leaf" ? matchLeaf(node, value) : matchObject(node, value);

function matchLeaf({ tests, allowsAbsence }: LeafNode, value: unknown): Match {
  const leaves = leavesOf(value);
  if (leaves.length === 0) return allowsAbsence ? "absent" : "no";
  return leaves.some((leaf) => tests.some((test) => test(leaf))) ? "present" : "no";
}

/** In an array one object must match the whole node; or, by absence, all of them must. */
function matchObject(node: ObjectNode, value: unknown): Match {
  const elements = Array.isArray(value) ? elementsOf(value) : [value];
  if (elements.length === 0) return matchFields(node, undefined);
  const matches = elements.map((element) => matchFields(node, element));
  if (matches.includes("present")) return "present";
  return matches.includes("no") ? "no" : "absent";
}

function matchFields({ fields, alternatives }: ObjectNode, value: unknown): Match {
  const branches = alternatives?.map((branch) => match(branch, value)) ?? [];
  return every([
    ...fields.map(([name, node]) => match(node, fieldOf(value, name))),
    ...(alternatives ? [anyOf(branches)] : []),
  ]);
}

function every(matches: readonly Match[]): Match {
  if (matches.includes("no")) return "no";
  return matches.includes("present") ? "present" : "absent";
}

function anyOf(matches: readonly Match[]): Match {
  if (matches.includes("present")) return "present";
  return matches.includes("absent") ? "absent" : "no";
}

/** Only what the event itself holds: a pattern cannot see what every object inherits. */
const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;

/** Deeper arrays than this hold nothing that a pattern sees, so that no event can exhaust the stack. */
const maxArrayDepth = 32;

const elementsOf = (value: readonly unknown[]): readonly unknown[] => value.flat(maxArrayDepth);

const leavesOf = (value: unknown): readonly Leaf[] =>
  Array.isArray(value) ? elementsOf(value).filter(isLeaf) : isLeaf(value) ? [value] : [];

function explain(node: PatternNode, value: unknown, path: string): readonly Miss[] {
  if (match(node, value) !== "no") return [];
  if (node.kind === "leaf") return [{ field: path, expected: node.text, found: shortJson(value) }];
  const [only, ...others] = Array.isArray(value) ? elementsOf(value) : [value];
  if (others.length > 0) {
    return [{ field: path, expected: "one object that matches every field", found: shortJson(value) }];
  }
  const under = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const ofFields = node.fields.flatMap(([name, child]) => explain(child, fieldOf(only, name), under(name)));
  const branches =
    node.alternatives?.map((branch, index) => explain(branch, only, under(`$or[${index}]`))) ?? [];
  return [...ofFields, ...(branches.every((misses) => misses.length > 0) ? branches.flat() : [])];
}
