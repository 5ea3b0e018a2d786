import { hidden } from "./hidden.ts";

const maxDetailCharacters = 300;

/** Shortens text to one line of about 300 characters at most, without control and hidden characters. */
export function oneLine(text: string): string {
  const line = text
    .replace(hidden, "")
    .replace(/[\s\p{Cc}\p{Cs}]+/gu, " ")
    .trim();
  const characters = Array.from(line);
  return characters.length <= maxDetailCharacters
    ? line
    : `${characters.slice(0, maxDetailCharacters - 1).join("")}…`;
}
