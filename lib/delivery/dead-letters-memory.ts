import { type DeadLetter, type DeadLetterStore, matchesLetter } from "./dead-letters.ts";

/** Dead letters for as long as the process lives. */
export function memoryDeadLetters(): DeadLetterStore {
  const letters = new Map<string, DeadLetter>();
  return {
    put: async (added) => {
      for (const letter of added) letters.set(letter.id, letter);
    },
    list: async (filter) => [...letters.values()].filter((letter) => matchesLetter(letter, filter)),
    remove: async (ids) => {
      for (const id of ids) letters.delete(id);
    },
    close: async () => {},
  };
}
