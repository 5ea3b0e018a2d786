import { distance } from "fastest-levenshtein";

const maxCharacters = 64;

/** The candidate closest to a mistyped text; null when none is close. */
export function suggest(text: string, candidates: readonly string[]): string | null {
  if (text.length > maxCharacters) return null;
  const mostEdits = Math.min(3, Math.floor(text.length / 2));
  const close = candidates
    .map((candidate) => ({ candidate, edits: distance(text.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= mostEdits)
    .toSorted((a, b) => a.edits - b.edits);
  return close[0]?.candidate ?? null;
}
