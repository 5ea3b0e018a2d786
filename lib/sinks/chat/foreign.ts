import { hidden } from "../../text/hidden.ts";

/** Text from outside on one line: nothing that moves, hides or reverses what stands around it, no half characters. */
export const visible = (text: string): string =>
  text
    .replace(hidden, "")
    .replace(/\s+/gu, " ")
    .trim()
    .replace(/[\p{Cc}\p{Cs}]/gu, "\u{fffd}");

/** Bytes of a text in UTF-8. */
export const bytes = (text: string): number => Buffer.byteLength(text);

/** The longest beginning of a text whose size is at most `most`, with an ellipsis where it was cut, never after a joiner. */
export function shorten(text: string, most: number, size = (part: string): number => part.length): string {
  if (size(text) <= most) return text;
  const characters = Array.from(text);
  const cut = (count: number): string =>
    `${characters
      .slice(0, count)
      .join("")
      .replace(/\u200D$/, "")}…`;
  let [fits, tooMany] = [0, characters.length];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (size(cut(middle)) <= most) fits = middle;
    else tooMany = middle;
  }
  return cut(fits);
}

const lookAlikes: Readonly<Record<string, string>> = {
  "<": "＜",
  ">": "＞",
  "[": "［",
  "]": "］",
  "*": "＊",
  "`": "｀",
  "~": "～",
  "#": "＃",
  "\\": "＼",
  "&": "＆",
  "@": "＠",
  "|": "｜",
};

/**
 * Foreign text for a Markdown that knows no dependable escape: its marks become full-width look-alikes, so that nothing
 * in it is a link, a mention, a tag or a format.
 */
export const inert = (text: string): string =>
  text
    .replace(/[<>[\]*`~#\\&@|]/g, (mark) => lookAlikes[mark] ?? mark)
    .replaceAll("://", "：//")
    // An underscore inside a word, as in public_ip, formats nothing.
    .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "＿");

const firstMarks: Readonly<Record<string, string>> = {
  "-": "－",
  "+": "＋",
  "=": "＝",
  ".": "．",
  ")": "）",
};

/** The same for a whole line, which a mark at its beginning would make a list, a rule or a heading. */
export const inertLine = (text: string): string =>
  inert(text).replace(
    /^(\d*)([-+=.)])/,
    (_, digits: string, mark: string) => `${digits}${firstMarks[mark] ?? mark}`,
  );
