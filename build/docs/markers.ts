/** Makes the text of a generated part; `name` is what follows the part's kind in its marker. */
export type Part = (name: string) => string;

/**
 * The page with its generated parts as they are now. A part stands between `<!-- KIND: NAME -->` and `<!-- end -->`;
 * kinds that are not in `parts` are left alone.
 */
export function fill(page: string, parts: Readonly<Record<string, Part>>): string {
  const kinds = Object.keys(parts).join("|");
  const markers = new RegExp(`<!-- (${kinds})(?:: (.+?))? -->[\\s\\S]*?<!-- end -->`, "g");
  return page.replace(markers, (whole, kind: string, name = "") => {
    const [opening = ""] = whole.split("\n", 1);
    return `${opening}\n\n${parts[kind]?.(name)}\n\n<!-- end -->`;
  });
}
