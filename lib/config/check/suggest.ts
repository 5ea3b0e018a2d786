import { distance } from "fastest-levenshtein";

const maxCharacters = 64;

/** The candidate closest to a mistyped text, at most `maxEdits` letters away; null when none is close. */
export function suggest(text: string, candidates: readonly string[], maxEdits = 3): string | null {
  if (text.length > maxCharacters) return null;
  const mostEdits = Math.min(maxEdits, Math.floor(text.length / 2));
  const close = candidates
    .map((candidate) => ({ candidate, edits: distance(text.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= mostEdits)
    .toSorted((a, b) => a.edits - b.edits);
  return close[0]?.candidate ?? null;
}

/** ` (did you mean kafka?)` for a text that is close to a candidate; nothing otherwise. */
export function suggestion(text: unknown, candidates: readonly unknown[]): string {
  const names = candidates.filter((candidate) => typeof candidate === "string");
  const meant = typeof text === "string" ? suggest(text, names) : null;
  return meant === null ? "" : ` (did you mean ${meant}?)`;
}

/** Expected names for an unknown name of the kind `what`. */
export function nameExpectation(what: string, name: string, names: readonly string[]): string {
  const meant = suggest(name, names);
  if (meant !== null) return `a known ${what} (did you mean ${meant}?)`;
  return names.length === 0 ? `no ${what}` : `${names.length === 1 ? "" : "one of "}${names.join(", ")}`;
}
