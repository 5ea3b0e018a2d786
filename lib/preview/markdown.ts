import { type Html, html, nothing } from "./html.ts";

/** One kind of inline mark: what it looks like, and what its groups become. */
interface Mark {
  readonly pattern: RegExp;
  draw(groups: readonly string[], inner: (text: string) => Html): Html;
}

const bold: Mark = {
  pattern: /\*\*(.+?)\*\*/,
  draw: ([text = ""], inner) => html`<b>${inner(text)}</b>`,
};
const link: Mark = {
  pattern: /\[((?:\\.|[^\]\\])*)\]\((https:[^)\s]*)\)/,
  draw: ([label = "", url = ""], inner) => html`<a href="${url}">${inner(label)}</a>`,
};
const backslash: Mark = { pattern: /\\([^A-Za-z0-9\s])/, draw: ([mark = ""]) => html`${mark}` };
const font: Mark = {
  pattern: /<font color="(\w+)">(.*?)<\/font>/,
  draw: ([colour = "", text = ""], inner) => html`<span class="${colour}">${inner(text)}</span>`,
};

/** Text with the marks that a platform reads, the earliest first. */
function inline(text: string, marks: readonly Mark[]): Html {
  const inner = (part: string): Html => inline(part, marks);
  const found = marks
    .flatMap((mark) => {
      const match = mark.pattern.exec(text);
      return match ? [{ mark, match }] : [];
    })
    .toSorted((a, b) => a.match.index - b.match.index)[0];
  if (!found) return html`${text}`;
  const { mark, match } = found;
  const [whole, ...groups] = match;
  return html`${text.slice(0, match.index)}${mark.draw(groups, inner)}${inner(text.slice(match.index + whole.length))}`;
}

/** Discord's: a backslash takes a mark its meaning. Lines stay lines. */
export const discordMarkdown = (text: string): Html => inline(text, [backslash, bold, link]);

/** DingTalk's: paragraphs between empty lines, headings, quotes; a line ends only after two blanks. */
export const dingtalkMarkdown = (text: string): Html => ({
  html: text
    .split("\n\n")
    .map(paragraph)
    .map((block) => block.html)
    .join(""),
});

function paragraph(text: string): Html {
  const [, heading] = /^#### (.*)$/s.exec(text) ?? [];
  if (heading !== undefined) return html`<h4>${inline(heading, [bold, link])}</h4>`;
  const [, quote] = /^> (.*)$/s.exec(text) ?? [];
  if (quote !== undefined) return html`<blockquote>${inline(quote, [bold, link])}</blockquote>`;
  const lines = text.split(/ {2}\n/);
  return html`<p>${lines.map((line, index) => html`${index === 0 ? nothing : html`<br>`}${inline(line, [bold, link])}`)}</p>`;
}

/** WeCom's: each line stands by itself; three colours by name. */
export const wecomMarkdown = (text: string): Html => ({
  html: text
    .split("\n")
    .map((line) => {
      const [, quote] = /^> (.*)$/.exec(line) ?? [];
      const marks = [font, bold, link];
      return quote === undefined
        ? html`<div>${inline(line, marks)}</div>`
        : html`<blockquote>${inline(quote, marks)}</blockquote>`;
    })
    .map((block) => block.html)
    .join(""),
});

const shownTags: ReadonlySet<string> = new Set(["b", "i", "code"]);

/** The little HTML that Telegram and Google Chat read: bold, italics, code, links and colours; another tag is text. */
export function tagged(text: string): Html {
  const parts = text.split(/(<[^>]*>)/).map((part) => {
    const [, close, name = ""] = /^<(\/?)(\w+)>$/.exec(part) ?? [];
    if (shownTags.has(name)) return { html: `<${close}${name}>` };
    if (part === "</a>") return { html: "</a>" };
    if (part === "</font>") return { html: "</span>" };
    const [, url] = /^<a href="(https:[^"]*)">$/.exec(part) ?? [];
    if (url !== undefined) return html`<a href="${unescaped(url)}">`;
    const [, colour] = /^<font color="(#\w{6})">$/.exec(part) ?? [];
    return colour === undefined ? html`${unescaped(part)}` : html`<span style="color: ${colour}">`;
  });
  return html`${parts}`;
}

const unescaped = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
