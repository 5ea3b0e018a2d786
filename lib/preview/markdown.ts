import { type Html, html, nothing } from "./html.ts";

/** A kind of inline mark: its pattern, and the HTML of its groups. */
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

/** Renders a platform's inline marks, the earliest first. */
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

/** An instant as Discord writes `<t:…:f>` to a reader in UTC: `January 1, 2026 12:29 AM`. */
const instant: Mark = {
  pattern: /<t:(\d+):f>/,
  draw: ([seconds = ""]) =>
    html`${new Date(Number(seconds) * 1_000)
      .toLocaleString("en-US", { timeZone: "UTC", dateStyle: "long", timeStyle: "short" })
      .replace(" at ", " ")}`,
};

/** Discord's Markdown: a backslash escapes a mark. Line breaks are kept. */
export const discordMarkdown = (text: string): Html => inline(text, [backslash, bold, link, instant]);

/** DingTalk's Markdown: paragraphs between empty lines, headings, quotes; two blanks end a line. */
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

/** WeCom's Markdown: separate lines; three colours by name. */
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

/** The HTML subset of Telegram and Google Chat: bold, italics, code, links and colours; other tags are text. */
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
