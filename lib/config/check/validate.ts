import * as v from "valibot";
import type { ConfigIssue } from "../../core/errors.ts";
import { describeFound, type Origins } from "../found.ts";
import { fieldName, type Path } from "../path.ts";
import { childSchema, expectation, knownKeys, meantSchema, objectSchema } from "./shape.ts";
import { suggest } from "./suggest.ts";

/** A checked value's place in the configuration. */
export interface ConfigPlace {
  readonly path: Path;
  readonly origins: Origins;
  /** Keys that are checked elsewhere, for suggestions. */
  readonly otherKeys?: readonly string[];
}

/** The result of a check. */
export interface Checked<Output> {
  /** Null when there are issues. */
  readonly output: Output | null;
  readonly issues: readonly ConfigIssue[];
}

/** Checks a value against a schema. Returns all issues with their places and without secrets. */
export function check<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  place: ConfigPlace,
): Checked<v.InferOutput<Schema>> {
  const lists = [...misplacedLists(schema, value, place.path)];
  const unknown = [...unknownKeys(schema, value, place.path, place.otherKeys ?? [])];
  const parsed = v.safeParse(schema, value, { message: expectedOf });
  const others = (parsed.issues ?? [])
    .filter((issue) => issue.expected !== "never" && !isDoubled(issue, place.path, unknown))
    .filter((issue) => !lists.some(({ path }) => path.every((key, at) => issue.path?.[at]?.key === key)))
    .flatMap((issue) => toConfigIssues(schema, issue, place));
  const issues = [...unknown, ...lists.map(({ issue }) => issue), ...firstOfEach(others)];
  return { output: parsed.success && issues.length === 0 ? parsed.output : null, issues };
}

/** One issue per field: further issues of a wrong value do not help. */
const firstOfEach = (issues: readonly ConfigIssue[]): readonly ConfigIssue[] =>
  [...new Map(issues.toReversed().map((issue) => [issue.field, issue])).values()].toReversed();

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

interface MisplacedList {
  /** Path relative to the checked value. */
  readonly path: Path;
  readonly issue: ConfigIssue;
}

/** Finds lists in place of objects: to JavaScript a list is an object without keys. */
function* misplacedLists(
  schema: v.GenericSchema,
  value: unknown,
  base: Path,
  path: Path = [],
): Generator<MisplacedList> {
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
  path: Path,
  otherKeys: readonly string[],
): Generator<ConfigIssue> {
  if (typeof value !== "object" || value === null) return;
  const keys = Array.isArray(value) ? null : knownKeys(schema, value);
  const entries: Iterable<readonly [string | number, unknown]> = Array.isArray(value)
    ? value.entries()
    : Object.entries(value);
  for (const [key, child] of entries) {
    const next = childSchema(schema, key, value);
    if (next) yield* unknownKeys(next, child, [...path, key], []);
    else if (keys) {
      yield {
        field: fieldName([...path, key]),
        expected: nameExpectation("key", String(key), [...keys, ...otherKeys]),
        found: "an unknown key",
      };
    }
  }
}

/** Expected names for an unknown name of the kind `what`. */
export function nameExpectation(what: string, name: string, names: readonly string[]): string {
  const meant = suggest(name, names);
  if (meant !== null) return `a known ${what} (did you mean ${meant}?)`;
  return names.length === 0 ? `no ${what}` : `${names.length === 1 ? "" : "one of "}${names.join(", ")}`;
}

/** An object with an unknown key fits no alternative; the issue of the key is more precise. */
const isDoubled = (issue: v.BaseIssue<unknown>, path: Path, unknown: readonly ConfigIssue[]): boolean =>
  issue.type === "union" &&
  unknown.some(({ field }) => field.startsWith(`${fieldName([...path, ...keysOf(issue)])}.`));

function toConfigIssues(
  schema: v.GenericSchema,
  issue: v.BaseIssue<unknown>,
  place: ConfigPlace,
): readonly ConfigIssue[] {
  const keys = keysOf(issue);
  const path = [...place.path, ...keys];
  const field = fieldName(path);
  // An issue that a check forwards to another field carries the whole object as its input.
  const last = issue.path?.at(-1);
  const input = last === undefined ? issue.input : last.value;
  const meant = issue.type === "union" ? meantSchema(schemaOf(schema, issue), input) : null;
  if (meant) {
    const { issues } = check(meant, input, { ...place, path });
    // With a field missing, another alternative may have been meant.
    if (issues.length > 0 && issues.every(({ found }) => found !== "nothing")) return issues;
  }
  if (isMissingKey(issue)) {
    return [{ field, expected: expectation(schemaOf(schema, issue)), found: "nothing" }];
  }
  if (last?.origin === "key") return [{ field, expected: issue.message, found: "a key that is none" }];
  const found = describeFound(input, path, place.origins);
  const isBare = issue.type === "string" && (typeof input === "number" || typeof input === "boolean");
  return [{ field, expected: issue.message, found: isBare ? `${found}: put it in quotes` : found }];
}

const keysOf = ({ path }: v.BaseIssue<unknown>): Path =>
  (path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));

const isMissingKey = ({ type, input, path }: v.BaseIssue<unknown>): boolean =>
  type.endsWith("object") && input === undefined && path?.at(-1)?.origin === "key";

/** The schema at an issue's place. */
function schemaOf(whole: v.GenericSchema, { path }: v.BaseIssue<unknown>): v.GenericSchema | null {
  let schema: v.GenericSchema | null = whole;
  for (const { key, input } of path ?? []) {
    if (schema === null) return null;
    schema = childSchema(schema, typeof key === "number" ? key : String(key), input);
  }
  return schema;
}
