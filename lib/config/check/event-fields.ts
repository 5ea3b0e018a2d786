import { eventJsonSchema } from "../../change/event-schema.ts";
import type { ConfigIssue } from "../../core/errors.ts";
import { fieldsOf, isRecord } from "../../text/json.ts";
import { fieldName, type Path } from "../path.ts";
import { nameExpectation } from "./suggest.ts";

/** Fields in a filter that no event has: such a filter would take no event. What is below a task's params is free. */
export function* eventFieldIssues(
  pattern: unknown,
  path: Path,
  schema: unknown = eventJsonSchema,
): Generator<ConfigIssue> {
  const known = fieldsOf(schema)["properties"];
  if (!isRecord(known) || !isRecord(pattern)) return;
  for (const [key, value] of Object.entries(pattern)) {
    const at = [...path, key];
    if (key === "$or" && Array.isArray(value))
      for (const [index, branch] of value.entries()) yield* eventFieldIssues(branch, [...at, index], schema);
    else if (Object.hasOwn(known, key)) yield* eventFieldIssues(value, at, known[key]);
    else if (!takesAbsent(value)) {
      const expected = nameExpectation("field of an event", key, Object.keys(known));
      yield { field: fieldName(at), expected, found: "a key that no event has" };
    }
  }
}

const takesAbsent = (value: unknown): boolean =>
  Array.isArray(value) && value.some((each) => fieldsOf(each)["exists"] === false);
