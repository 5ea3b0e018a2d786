import * as v from "valibot";
import type { ConfigIssue } from "../../core/errors.ts";
import { describeFound, type Origins } from "../describe-found.ts";
import { fieldName, type Path } from "../path.ts";
import type { Unresolved } from "../resolve/expand.ts";
import { repaired } from "./placeholders.ts";
import { childSchema, expectation, knownKeys, meantSchema, namedValues, objectSchema } from "./shape.ts";
import { nameExpectation, suggestion } from "./suggest.ts";

/** A checked value's place in the configuration. */
export interface Place {
  readonly path: Path;
  readonly origins: Origins;
  /** Texts whose value is not known, by field. */
  readonly unresolved: ReadonlyMap<string, Unresolved>;
  /** Keys that are checked elsewhere, for suggestions. */
  readonly otherKeys?: readonly string[];
}

/** The result of a check. */
export interface Checked<Output> {
  /** Null when there are issues. */
  readonly output: Output | null;
  /** With a placeholder for each wrong value; null when there is none that passes. */
  readonly repaired: Output | null;
  readonly issues: readonly ConfigIssue[];
}

/**
 * Checks a value against a schema. Returns all issues with their places and without secrets. A text whose value is not
 * known passes where some text would.
 */
export function check<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  place: Place,
): Checked<v.InferOutput<Schema>> {
  const issues: ConfigIssue[] = [];
  const paths: Path[] = [];
  let tried: unknown = value;
  // A wrong value keeps checks of the whole, and transformations, from running: they run on its replacement.
  for (let pass = 0; pass < mostPasses; pass++) {
    const { output, found } = checkOnce(schema, tried, place);
    const fresh = found.filter(({ path }) => !paths.some((known) => isRelated(path, known)));
    if (fresh.length === 0) return { output: issues.length === 0 ? output : null, repaired: output, issues };
    const wrong = fresh.map(({ path }) => path);
    const repair = repaired(schema, tried, { paths: wrong, base: place.path, unresolved: place.unresolved });
    issues.push(...fresh.flatMap(({ issue }) => (repair.passed.has(issue.field) ? [] : issue)));
    paths.push(...wrong);
    tried = repair.value;
  }
  return { output: null, repaired: null, issues };
}

/** Mistakes behind mistakes behind mistakes; more are not worth the time. */
const mostPasses = 4;

/** Whether one of the paths leads through the other. */
const isRelated = (a: Path, b: Path): boolean =>
  Array.from({ length: Math.min(a.length, b.length) }, (_, at) => a[at] === b[at]).every(Boolean);

/** An issue, and its path from the checked value on. */
interface PlacedIssue {
  readonly path: Path;
  readonly issue: ConfigIssue;
}

function checkOnce<Schema extends v.GenericSchema>(schema: Schema, value: unknown, place: Place) {
  const lists = [...misplacedLists(schema, value, place.path)];
  const unknown = [...unknownKeys(schema, value, place.path, place.otherKeys ?? [])];
  const parsed = v.safeParse(schema, value, { message: expectedOf });
  const others = (parsed.issues ?? [])
    .filter((issue) => issue.expected !== "never" && !isDoubled(issue, unknown))
    .filter((issue) => !lists.some(({ path }) => path.every((key, at) => issue.path?.[at]?.key === key)))
    .flatMap((issue) => foundIn(schema, issue, place));
  const found = [...unknown, ...lists, ...firstOfEach(others)];
  const output: v.InferOutput<Schema> | null = parsed.success && found.length === 0 ? parsed.output : null;
  return { output, found };
}

/** One issue per field: further issues of a wrong value do not help. */
const firstOfEach = (found: readonly PlacedIssue[]): readonly PlacedIssue[] =>
  [...new Map(found.toReversed().map((each) => [each.issue.field, each])).values()].toReversed();

/** Valibot's own messages quote the value; ours only state what was expected. */
const expectedOf = ({ expected }: v.BaseIssue<unknown>): string =>
  expected === null ? "a valid value" : (words.get(expected) ?? expected);

const words: ReadonlyMap<string, string> = new Map([
  ["Object", "an object"],
  ["Array", "a list"],
  ["boolean", "true or false"],
  ["string", "text"],
  ["number", "a number"],
]);

/** Finds lists in place of objects: to JavaScript a list is an object without keys. */
function* misplacedLists(
  schema: v.GenericSchema,
  value: unknown,
  base: Path,
  path: Path = [],
): Generator<PlacedIssue> {
  if (typeof value !== "object" || value === null) return;
  const object = Array.isArray(value) ? objectSchema(schema, value) : null;
  if (object) {
    const expected = expectation(object);
    const [field, found] = [fieldName([...base, ...path]), describeFound(value, path, new Map())];
    yield { path, issue: { field, expected: words.get(expected) ?? expected, found } };
    return;
  }
  const entries: Iterable<readonly [string | number, unknown]> = Array.isArray(value)
    ? value.entries()
    : Object.entries(value);
  for (const [key, child] of entries) {
    const next = childSchema(schema, key, value);
    if (next) yield* misplacedLists(next, child, base, [...path, key]);
  }
}

/** Valibot reports only an object's first unknown key, and accepts inherited property names. */
function* unknownKeys(
  schema: v.GenericSchema,
  value: unknown,
  base: Path,
  otherKeys: readonly string[],
  path: Path = [],
): Generator<PlacedIssue> {
  if (typeof value !== "object" || value === null) return;
  const keys = Array.isArray(value) ? null : knownKeys(schema, value);
  const entries: Iterable<readonly [string | number, unknown]> = Array.isArray(value)
    ? value.entries()
    : Object.entries(value);
  for (const [key, child] of entries) {
    const next = childSchema(schema, key, value);
    const at = [...path, key];
    if (next) yield* unknownKeys(next, child, base, [], at);
    else if (keys) {
      const expected = nameExpectation("key", String(key), [...keys, ...otherKeys]);
      yield { path: at, issue: { field: fieldName([...base, ...at]), expected, found: "an unknown key" } };
    }
  }
}

/** An object with an unknown key fits no alternative; the issue of the key is more precise. */
const isDoubled = (issue: v.BaseIssue<unknown>, unknown: readonly PlacedIssue[]): boolean =>
  issue.type === "union" && unknown.some(({ path }) => isRelated(path, keysOf(issue)));

function foundIn(schema: v.GenericSchema, issue: v.BaseIssue<unknown>, place: Place): readonly PlacedIssue[] {
  const keys = keysOf(issue);
  const path = [...place.path, ...keys];
  const field = fieldName(path);
  // An issue that a check forwards to another field carries the whole object as its input.
  const last = issue.path?.at(-1);
  const input = last === undefined ? issue.input : last.value;
  const meant = issue.type === "union" ? meantSchema(schemaOf(schema, issue.path), input) : null;
  if (meant) {
    const { found } = checkOnce(meant, input, { ...place, path });
    // With a field missing, another alternative may have been meant.
    if (found.length > 0 && found.every((each) => each.issue.found !== "nothing"))
      return found.map((each) => ({ ...each, path: [...keys, ...each.path] }));
  }
  const told = (expected: string, found: string): readonly PlacedIssue[] => [
    { path: keys, issue: { field, expected, found } },
  ];
  if (isMissingKey(issue)) return told(expectation(schemaOf(schema, issue.path)), "nothing");
  if (last?.origin === "key") return told(issue.message, "a key of another form");
  const unresolved = place.unresolved.get(field);
  if (unresolved) return told(issue.message, `${JSON.stringify(unresolved.written)}, which is text`);
  const own = schemaOf(schema, issue.type === "variant" ? issue.path?.slice(0, -1) : issue.path);
  const expected = `${issue.message}${suggestion(input, own ? [...namedValues(own)] : [])}`;
  return told(expected, `${describeFound(input, path, place.origins)}${quotesHint(own, input)}`);
}

/** Advice where only the quotes are wrong. */
function quotesHint(schema: v.GenericSchema | null, input: unknown): string {
  if (schema === null) return "";
  if (typeof input === "number" || typeof input === "boolean")
    return v.is(schema, String(input)) ? ": put it in quotes" : "";
  if (typeof input !== "string" || !/^(?:\d+|true|false)$/.test(input)) return "";
  return v.is(schema, JSON.parse(input)) ? ": take it out of the quotes" : "";
}

const keysOf = ({ path }: v.BaseIssue<unknown>): Path =>
  (path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));

const isMissingKey = ({ type, input, path }: v.BaseIssue<unknown>): boolean =>
  type.endsWith("object") && input === undefined && path?.at(-1)?.origin === "key";

/** The schema at an issue's place. */
function schemaOf(whole: v.GenericSchema, path: readonly v.IssuePathItem[] = []): v.GenericSchema | null {
  let schema: v.GenericSchema | null = whole;
  for (const { key, input } of path) {
    if (schema === null) return null;
    schema = childSchema(schema, typeof key === "number" ? key : String(key), input);
  }
  return schema;
}
