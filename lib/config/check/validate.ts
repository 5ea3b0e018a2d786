import * as v from "valibot";
import type { ConfigIssue } from "../../core/errors.ts";
import { describeFound, type Origins } from "../found.ts";
import { fieldName, type Path } from "../path.ts";
import { childSchema, expectation, knownKeys } from "./shape.ts";
import { suggest } from "./suggest.ts";

/** Where a checked value stands in the configuration. */
export interface Place {
  readonly path: Path;
  readonly origins: Origins;
  /** Keys that are checked elsewhere, for suggestions. */
  readonly otherKeys?: readonly string[];
}

export interface Checked<Output> {
  /** Null when there are issues. */
  readonly output: Output | null;
  readonly issues: readonly ConfigIssue[];
}

/** Checks a value against a schema; all of its issues, each with its place, and no secret in them. */
export function check<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  place: Place,
): Checked<v.InferOutput<Schema>> {
  const unknown = [...unknownKeys(schema, value, place.path, place.otherKeys ?? [])];
  const parsed = v.safeParse(schema, value, { message: expectedOf });
  const others = (parsed.issues ?? [])
    .filter((issue) => issue.expected !== "never" && !isDoubled(issue, place.path, unknown))
    .map((issue) => toConfigIssue(schema, issue, place));
  const issues = [...unknown, ...others];
  return { output: parsed.success && issues.length === 0 ? parsed.output : null, issues };
}

/** Valibot's own messages quote the value; ours only ever say what was expected. */
const expectedOf = ({ expected }: v.BaseIssue<unknown>): string =>
  expected === null ? "a valid value" : (words.get(expected) ?? expected);

const words: ReadonlyMap<string, string> = new Map([
  ["Object", "an object"],
  ["Array", "a list"],
  ["boolean", "true or false"],
  ["string", "text"],
  ["number", "a number"],
]);

/** Valibot tells of an object's first unknown key only, and takes what every object inherits for known. */
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

/** What to write in the place of a name, of the kind `what`, that is not known. */
export function nameExpectation(what: string, name: string, names: readonly string[]): string {
  const meant = suggest(name, names);
  if (meant !== null) return `a known ${what} (did you mean ${meant}?)`;
  return names.length === 0 ? `no ${what}` : `${names.length === 1 ? "" : "one of "}${names.join(", ")}`;
}

/** No alternative fits an object with an unknown key, which says less than the key itself. */
const isDoubled = (issue: v.BaseIssue<unknown>, path: Path, unknown: readonly ConfigIssue[]): boolean =>
  issue.type === "union" &&
  unknown.some(({ field }) => field.startsWith(`${fieldName([...path, ...keysOf(issue)])}.`));

function toConfigIssue(schema: v.GenericSchema, issue: v.BaseIssue<unknown>, place: Place): ConfigIssue {
  const keys = keysOf(issue);
  const path = [...place.path, ...keys];
  const field = fieldName(path);
  if (isMissingKey(issue)) {
    return { field, expected: expectation(schemaOf(schema, issue)), found: "nothing" };
  }
  if (issue.path?.at(-1)?.origin === "key") {
    return { field, expected: issue.message, found: "a key that is none" };
  }
  return { field, expected: issue.message, found: describeFound(issue.input, path, place.origins) };
}

/** A list that stands where an object should has its places named as text; origins know them as numbers. */
const keysOf = ({ path }: v.BaseIssue<unknown>): Path =>
  (path ?? []).map(({ key, input }) => (Array.isArray(input) ? Number(key) : String(key)));

const isMissingKey = ({ type, input, path }: v.BaseIssue<unknown>): boolean =>
  type.endsWith("object") && input === undefined && path?.at(-1)?.origin === "key";

/** The schema at an issue's place, from the whole one down. */
function schemaOf(whole: v.GenericSchema, { path }: v.BaseIssue<unknown>): v.GenericSchema | null {
  let schema: v.GenericSchema | null = whole;
  for (const { key, input } of path ?? []) {
    if (schema === null) return null;
    schema = childSchema(schema, typeof key === "number" ? key : String(key), input);
  }
  return schema;
}
