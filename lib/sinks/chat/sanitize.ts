import { withoutHidden } from "../../text/hidden.ts";

/** Neutralizes text from outside to one line: no control, invisible or bidirectional characters, no lone surrogates. */
export const sanitize = (text: string): string =>
  withoutHidden(text)
    .replace(/\s+/gu, " ")
    .trim()
    .replace(/[\p{Cc}\p{Cs}]/gu, "\u{fffd}");

/** Size of a text in UTF-8, bytes. */
export const utf8Bytes = (text: string): number => Buffer.byteLength(text);

/** The longest beginning of a text of at most `most`, with an ellipsis when it was cut, never after a joiner. */
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

/** Limit of a short text from outside. */
export const maxNameCharacters = 120;

/** A short text from outside. */
export const name = (text: string): string => shorten(sanitize(text), maxNameCharacters);

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
 * Neutralizes text from outside for a Markdown without reliable escapes: its marks become full-width look-alikes, so that
 * nothing in it is a link, mention, tag or format.
 */
export const neutralize = (text: string): string =>
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

/** Neutralizes a whole line, whose first character could also make it a list, rule or heading. */
export const neutralizeLine = (text: string): string =>
  neutralize(text).replace(
    /^(\d*)([-+=.)])/,
    (_, digits: string, mark: string) => `${digits}${firstMarks[mark] ?? mark}`,
  );
