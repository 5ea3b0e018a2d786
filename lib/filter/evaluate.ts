import { exactNumber } from "../text/json.ts";
import { isLeaf, type Leaf } from "./operators.ts";
import type { LeafNode, ObjectNode, PatternItem, PatternNode } from "./pattern.ts";

/** `absent` matches only by `exists: false`. */
export type Match = "no" | "absent" | "present";

/** The result of matching a value with a pattern, with all details. */
export type MatchResult = LeafMatch | FieldsMatch | ListMatch;

interface LeafMatch {
  readonly kind: "leaf";
  readonly match: Match;
  readonly node: LeafNode;
  readonly value: unknown;
  /** The item that passed; null when none did. */
  readonly by: PatternItem | null;
}

interface FieldsMatch {
  readonly kind: "fields";
  readonly match: Match;
  readonly fields: readonly (readonly [name: string, result: MatchResult])[];
  /** One outcome per branch of `$or`. */
  readonly branches: readonly MatchResult[];
}

interface ListMatch {
  readonly kind: "list";
  readonly match: Match;
  readonly elements: readonly MatchResult[];
}

/** Matches a value with a pattern. Both filtering and explaining use it. */
export const matchPattern = (node: PatternNode, value: unknown): MatchResult =>
  node.kind === "leaf" ? matchLeaf(node, value) : matchObject(node, value);

function matchLeaf(node: LeafNode, value: unknown): LeafMatch {
  const leaves = leavesOf(value);
  const by = node.items.find(({ test }) =>
    test === "absent" ? leaves.length === 0 : leaves.some((leaf) => test(leaf)),
  );
  if (!by) return { kind: "leaf", match: "no", node, value, by: null };
  return { kind: "leaf", match: by.test === "absent" ? "absent" : "present", node, value, by };
}

/** In an array, one object must match the whole node; when matching by absence, all of them must. */
function matchObject(node: ObjectNode, value: unknown): MatchResult {
  if (!Array.isArray(value)) return matchFields(node, value);
  const elements = elementsOf(value).map((element) => matchFields(node, element));
  return elements.length === 0
    ? matchFields(node, undefined)
    : { kind: "list", match: anyElement(elements), elements };
}

function matchFields(node: ObjectNode, value: unknown): FieldsMatch {
  const fields = node.fields.map(
    ([name, child]) => [name, matchPattern(child, fieldOf(value, name))] as const,
  );
  const branches = node.alternatives?.map((branch) => matchPattern(branch, value)) ?? [];
  const parts = fields.map(([, { match }]) => match);
  return {
    kind: "fields",
    match: every(node.alternatives ? [...parts, anyBranch(branches)] : parts),
    fields,
    branches,
  };
}

function every(matches: readonly Match[]): Match {
  if (matches.includes("no")) return "no";
  return matches.includes("present") ? "present" : "absent";
}

const anyBranch = (branches: readonly MatchResult[]): Match => strongest(branches)?.match ?? "no";

function anyElement(elements: readonly MatchResult[]): Match {
  const matches = elements.map(({ match }) => match);
  return matches.includes("present") ? "present" : every(matches);
}

/** Of several outcomes of which one is enough, the one that decides; undefined when none matches. */
export const strongest = (results: readonly MatchResult[]): MatchResult | undefined =>
  results.find(({ match }) => match === "present") ?? results.find(({ match }) => match === "absent");

/** Own properties only: a pattern must not see inherited ones. */
const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  exactNumber(value) === null &&
  Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;

/** Arrays nested deeper are treated as empty, so that no event can exhaust the stack. */
const maxArrayDepth = 32;

const elementsOf = (value: readonly unknown[]): readonly unknown[] => value.flat(maxArrayDepth);

const leavesOf = (value: unknown): readonly Leaf[] =>
  (Array.isArray(value) ? elementsOf(value) : [value]).map(comparable).filter(isLeaf);

/** A number kept in its original notation is compared by its value. */
function comparable(value: unknown): unknown {
  const exact = exactNumber(value);
  const most = Number.MAX_VALUE;
  return exact === null ? value : Math.min(most, Math.max(-most, Number(exact)));
}
