/**
 * Compiles a wildcard: `*` matches any text, `\*` a star, `\\` a backslash. Null for `**` and other escapes.
 * Searches the parts from left to right, each at its first match, so there is no backtracking.
 */
export function compileWildcard(pattern: string): ((text: string) => boolean) | null {
  const parts = partsOf(pattern);
  const [first, ...rest] = parts ?? [];
  if (first === undefined) return null;
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    if (!text.startsWith(first)) return false;
    let position = first.length;
    for (const part of rest) {
      const found = text.indexOf(part, position);
      if (found < 0) return false;
      position = found + part.length;
    }
    return text.length - last.length >= position && text.endsWith(last);
  };
}

/** The literal parts between the stars; null for an invalid pattern. */
function partsOf(pattern: string): readonly string[] | null {
  const tokens = pattern.match(/\\[\s\S]?|\*+|[^\\*]+/g) ?? [];
  const parts = [""];
  for (const token of tokens) {
    if (token === "*") parts.push("");
    else if (token.startsWith("*") || (token.startsWith("\\") && !/^\\[\\*]$/.test(token))) return null;
    else parts.push(parts.pop() + (token.startsWith("\\") ? token.slice(1) : token));
  }
  return parts;
}
