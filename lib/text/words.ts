import { parseJson } from "./json.ts";

/** Limits for input from outside: a wake's event is a few kilobytes. */
const maxDepth = 12;
const maxWords = 20_000;

/**
 * Collects the words of a JSON value of any shape: runs of letters, digits, `-` and `_` in its strings. JSON inside a
 * string counts by its own strings. Large or deep values are read in part.
 */
export function wordsIn(value: unknown): ReadonlySet<string> {
  const words = new Set<string>();
  collect(value, words, 0);
  return words;
}

function collect(value: unknown, words: Set<string>, depth: number): void {
  if (depth > maxDepth || words.size >= maxWords) return;
  if (typeof value === "string") {
    const inner = /^\s*[[{]/.test(value) ? parseJson(value) : undefined;
    if (inner !== undefined) collect(inner, words, depth + 1);
    else for (const [word] of value.matchAll(/[\w-]+/g)) words.add(word);
  } else if (typeof value === "object" && value !== null) {
    for (const each of Object.values(value)) collect(each, words, depth + 1);
  }
}
