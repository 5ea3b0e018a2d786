import type { Card } from "./card.ts";
import { fitted } from "./fit.ts";
import { type Language, type Words, words } from "./text.ts";

// https://core.telegram.org/bots/api#sendmessage: limit after tags and escapes are parsed. Escapes are counted unparsed, to be safe.
const maxCharacters = 4_096;

/** The card as Telegram's HTML. */
export function telegramText(card: Card, language: Language): string {
  const text = words[language];
  return fitted(
    card,
    text,
    (form) => textOf(form, text),
    (html) => html.replace(/<[^>]*>/g, "").length <= maxCharacters,
  );
}

function textOf(
  { glyph, title, subtitle, transition, body, facts, links, footer }: Card,
  { colon }: Words,
): string {
  const head = [
    `<b>${quiet(`${glyph} ${title}`)}</b>`,
    quiet(subtitle),
    ...(transition === "" ? [] : [`<b>${quiet(transition)}</b>`]),
  ];
  // A digest has one line per change.
  const lines = facts.map(({ label, value }) =>
    transition === "" ? `${quiet(label)}\n<i>${quiet(value)}</i>` : `${quiet(label)}${colon}${code(value)}`,
  );
  const tail = [
    links.map(({ label, url }) => `<a href="${escaped(url)}">${quiet(label)}</a>`).join(" · "),
    footer === "" ? "" : `<i>${quiet(footer)}</i>`,
  ].filter(Boolean);
  return [head, body.map(quiet), lines, tail]
    .flatMap((part) => (part.length > 0 ? [part.join("\n")] : []))
    .join("\n\n");
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Telegram makes no link, mention, hashtag or command inside `code`. */
const code = (text: string): string => `<code>${escaped(text)}</code>`;

/** Breaks Telegram's automatic links with look-alike characters, for text outside `code`. */
const quiet = (text: string): string =>
  escaped(
    text
      .replaceAll("@", "＠")
      .replaceAll("#", "＃")
      .replaceAll("$", "＄")
      .replaceAll("://", "：//")
      .replace(/(?<![\p{L}\p{N}])\/(?=[\p{L}\p{N}])/gu, "／")
      // Telegram links domains without a scheme, too.
      .replace(/(?<=[\p{L}\p{N}])\.(?=\p{L})/gu, "․"),
  );
