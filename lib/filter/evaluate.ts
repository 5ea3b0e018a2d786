import { exactNumber } from "../text/json.ts";
import { isLeaf, type Leaf } from "./operators.ts";
import type { LeafNode, ObjectNode, PatternItem, PatternNode } from "./pattern.ts";

/** `absent` is a match by nothing but `exists: false`. */
export type Match = "no" | "absent" | "present";

/** What a pattern made of a value, with all that led to it. */
export type Outcome = LeafOutcome | FieldsOutcome | ListOutcome;

interface LeafOutcome {
  readonly kind: "leaf";
  readonly match: Match;
  readonly node: LeafNode;
  readonly value: unknown;
  /** The item that passed; null where none did. */
  readonly by: PatternItem | null;
}

interface FieldsOutcome {
  readonly kind: "fields";
  readonly match: Match;
  readonly fields: readonly (readonly [name: string, verdict: Outcome])[];
  /** Of each branch of `$or`. */
  readonly branches: readonly Outcome[];
}

interface ListOutcome {
  readonly kind: "list";
  readonly match: Match;
  readonly elements: readonly Outcome[];
}

/** Judges a value by a pattern. Filtering and explaining both rest on this alone. */
export const judge = (node: PatternNode, value: unknown): Outcome =>
  node.kind === "leaf" ? judgeLeaf(node, value) : judgeObject(node, value);

function judgeLeaf(node: LeafNode, value: unknown): LeafOutcome {
  const leaves = leavesOf(value);
  const by = node.items.find(({ test }) =>
    test === "absent" ? leaves.length === 0 : leaves.some((leaf) => test(leaf)),
  );
  if (!by) return { kind: "leaf", match: "no", node, value, by: null };
  return { kind: "leaf", match: by.test === "absent" ? "absent" : "present", node, value, by };
}

/** In an array one object must match the whole node; or, by absence, all of them must. */
function judgeObject(node: ObjectNode, value: unknown): Outcome {
  if (!Array.isArray(value)) return judgeFields(node, value);
  const elements = elementsOf(value).map((element) => judgeFields(node, element));
  return elements.length === 0
    ? judgeFields(node, undefined)
    : { kind: "list", match: anyElement(elements), elements };
}

function judgeFields(node: ObjectNode, value: unknown): FieldsOutcome {
  const fields = node.fields.map(([name, child]) => [name, judge(child, fieldOf(value, name))] as const);
  const branches = node.alternatives?.map((branch) => judge(branch, value)) ?? [];
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

const anyBranch = (branches: readonly Outcome[]): Match => strongest(branches)?.match ?? "no";

function anyElement(elements: readonly Outcome[]): Match {
  const matches = elements.map(({ match }) => match);
  return matches.includes("present") ? "present" : every(matches);
}

/** The verdict that decides among several of which one is enough; undefined where none matches. */
export const strongest = (verdicts: readonly Outcome[]): Outcome | undefined =>
  verdicts.find(({ match }) => match === "present") ?? verdicts.find(({ match }) => match === "absent");

/** Only what the event itself holds: a pattern cannot see what every object inherits. */
const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  exactNumber(value) === null &&
  Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;

/** Deeper arrays than this hold nothing that a pattern sees, so that no event can exhaust the stack. */
const maxArrayDepth = 32;

const elementsOf = (value: readonly unknown[]): readonly unknown[] => value.flat(maxArrayDepth);

const leavesOf = (value: unknown): readonly Leaf[] =>
  (Array.isArray(value) ? elementsOf(value) : [value]).map(comparable).filter(isLeaf);

/** A number that is kept as it was written compares by its value. */
function comparable(value: unknown): unknown {
  const exact = exactNumber(value);
  const most = Number.MAX_VALUE;
  return exact === null ? value : Math.min(most, Math.max(-most, Number(exact)));
}
