/** The candidate that the text was most likely meant to be; null when none is close. */
export function suggest(text: string, candidates: readonly string[]): string | null {
  const mostEdits = Math.min(3, Math.floor(text.length / 2));
  const close = candidates
    .map((candidate) => ({ candidate, edits: edits(text.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= mostEdits)
    .toSorted((a, b) => a.edits - b.edits);
  return close[0]?.candidate ?? null;
}

const maxCharacters = 64;

/** Letters to insert, delete, replace or swap with their neighbour. */
function edits(from: string, to: string): number {
  if (from.length > maxCharacters) return Number.POSITIVE_INFINITY;
  let before: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwap ? at(before, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, last] = [last, current];
  }
  return at(last, to.length);
}

const at = (row: readonly number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY;
