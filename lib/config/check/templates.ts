import type { ConfigIssue } from "../../core/errors.ts";
import { Template } from "../../template/template.ts";
import type { Origins } from "../describe-found.ts";
import { fieldName, type Path } from "../path.ts";

/** Built-in options hold templates at the first or second level; deeper ones in a custom sink are not checked. */
const maxDepth = 2;

/** Tries every template in a sink's checked options. */
export async function templateIssues(
  options: unknown,
  path: Path,
  origins: Origins,
): Promise<readonly ConfigIssue[]> {
  const issues = await Promise.all(
    Array.from(templatesIn(options, path), async ([place, template]) => {
      const field = fieldName(place);
      const issue = await template.issue();
      if (issue === null) return [];
      // The message quotes the template, which may contain a secret from a variable.
      return [{ ...issue, field, ...(origins.has(field) && { found: "another text" }) }];
    }),
  );
  return issues.flat();
}

function* templatesIn(value: unknown, path: Path, depth = 0): Generator<readonly [Path, Template]> {
  if (value instanceof Template) yield [path, value];
  else if (depth < maxDepth && typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) yield* templatesIn(inner, [...path, key], depth + 1);
  }
}
