const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for HTML, between tags and in attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (mark) => entities[mark] ?? mark);

/** Elements whose text a browser does not show. */
const unseen = /^<(script|style|title|template)\b/i;
/** Elements within a word or line. */
const inline = /^<\/?(?:a|abbr|b|code|em|font|i|mark|s|small|span|strong|sub|sup|tt|u|wbr)\b/i;

/**
 * The text that a page shows, or its title where it shows none, with single spaces. Reads any text, in linear time: what
 * is not closed ends it.
 */
export function visibleText(html: string): string {
  const text: string[] = [];
  let title = "";
  let at = 0;
  for (;;) {
    const open = html.indexOf("<", at);
    text.push(html.slice(at, open === -1 ? undefined : open));
    if (open === -1) break;
    const begin = html.slice(open, open + longestTag);
    if (begin.startsWith("<!--")) at = endOf(html, "-->", open);
    else {
      at = endOf(html, ">", open);
      const [, name] = unseen.exec(begin) ?? [];
      if (name !== undefined) {
        const close = indexOfClose(html, name, at);
        if (name.toLowerCase() === "title") title ||= html.slice(at, close);
        at = endOf(html, ">", close);
      }
    }
    if (!inline.test(begin)) text.push(" ");
  }
  const shown = plain(text.join(""));
  return shown === "" ? plain(title) : shown;
}

const longestTag = 12;

/** The place after the next `mark`; the text's end without one. */
function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found + mark.length;
}

function indexOfClose(html: string, name: string, from: number): number {
  const close = new RegExp(`</${name}`, "gi");
  close.lastIndex = from;
  return close.exec(html)?.index ?? html.length;
}

const named: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", " "],
]);

const plain = (text: string): string =>
  text
    .replace(/&(?:(\w{1,8})|#(\d{1,7})|#x([\da-f]{1,6}));/gi, (whole, name, decimal, hex) =>
      name === undefined
        ? character(Number.parseInt(decimal ?? hex, decimal === undefined ? 16 : 10))
        : (named.get(name.toLowerCase()) ?? whole),
    )
    .replace(/\s+/g, " ")
    .trim();

const character = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : " ");
