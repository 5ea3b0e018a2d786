import { parseJson } from "./json.ts";

/** Limit for input from outside: a deeper value is read in part. */
const maxDepth = 12;

/**
 * The names that a JSON value of any shape contains as whole words: runs of letters, digits, `-` and `_` in its
 * strings. JSON inside a string counts by its own strings.
 */
export function namesIn(value: unknown, names: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>();
  collect(value, names, found, 0);
  return found;
}

function collect(value: unknown, names: ReadonlySet<string>, found: Set<string>, depth: number): void {
  if (depth > maxDepth) return;
  if (typeof value === "string") {
    const inner = /^\s*[[{]/.test(value) ? parseJson(value) : undefined;
    if (inner !== undefined) collect(inner, names, found, depth + 1);
    else for (const [word] of value.matchAll(/[\w-]+/g)) if (names.has(word)) found.add(word);
  } else if (typeof value === "object" && value !== null) {
    for (const each of Object.values(value)) collect(each, names, found, depth + 1);
  }
}
