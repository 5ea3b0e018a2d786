const maxDetailCharacters = 300;

/** One line for the operator: control characters gone, at most about 300 characters. */
export function oneLine(text: string): string {
  const line = text.replace(/[\s\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ").trim();
  const characters = Array.from(line);
  return characters.length <= maxDetailCharacters
    ? line
    : `${characters.slice(0, maxDetailCharacters - 1).join("")}…`;
}
