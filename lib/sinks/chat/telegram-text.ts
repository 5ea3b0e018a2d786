import type { Card } from "./card.ts";
import { fitted } from "./fit.ts";
import { type Language, type Words, words } from "./text.ts";

// https://core.telegram.org/bots/api#sendmessage: what is left once tags and escapes are read. Escapes are counted as they stand.
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
  // A digest has a line of its own for each change.
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

/** Nothing inside becomes a link, a mention, a hashtag or a command. */
const code = (text: string): string => `<code>${escaped(text)}</code>`;

/** Where marks of their own are wanted, Telegram makes links by itself; look-alikes end that. */
const quiet = (text: string): string =>
  escaped(
    text
      .replaceAll("@", "＠")
      .replaceAll("#", "＃")
      .replaceAll("$", "＄")
      .replaceAll("://", "：//")
      .replace(/(?<![\p{L}\p{N}])\/(?=[\p{L}\p{N}])/gu, "／")
      // A domain is a link without any scheme.
      .replace(/(?<=[\p{L}\p{N}])\.(?=\p{L})/gu, "․"),
  );
