import type { Card } from "./card.ts";
import { shorten } from "./sanitize.ts";
import type { Words } from "./text.ts";

/** Joins the texts that fit, in order; texts such as links cannot be cut. */
export const joined = (texts: readonly string[], separator: string, most: number): string =>
  texts.reduce((line, text) => {
    const longer = line === "" ? text : `${line}${separator}${text}`;
    return longer.length <= most ? longer : line;
  }, "");

/** Lengths that texts are cut to, in turn, once nothing else can be left out. */
const cuts = [80, 40, 20] as const;

/**
 * The fullest form of a card that fits: drops facts from the last on (counted in the footer), then lines of
 * the body, then links, then cuts texts with an ellipsis. Returns the shortest form even when it does not fit.
 */
export function fitted<Body>(
  card: Card,
  text: Words,
  render: (card: Card) => Body,
  fits: (body: Body) => boolean,
): Body {
  let body = render(card);
  for (const form of formsOf(card, text)) {
    body = render(form);
    if (fits(body)) break;
  }
  return body;
}

function* formsOf(card: Card, text: Words): Generator<Card, void, undefined> {
  for (let count = card.facts.length; count >= 0; count -= 1) yield withFacts(card, count, text);
  const bodyOnly = withFacts(card, 0, text);
  for (let count = card.body.length - 1; count > 0; count -= 1) {
    yield { ...bodyOnly, body: card.body.slice(0, count) };
  }
  const bare = { ...bodyOnly, body: card.body.slice(0, 1), links: [] };
  yield bare;
  for (const most of cuts) {
    yield {
      ...bare,
      title: shorten(bare.title, most),
      subtitle: shorten(bare.subtitle, most),
      transition: shorten(bare.transition, most),
      body: bare.body.map((line) => shorten(line, most)),
      footer: shorten(bare.footer, most),
      plainText: shorten(bare.plainText, most),
    };
  }
}

function withFacts(card: Card, count: number, text: Words): Card {
  const hidden = card.hidden + card.facts.length - count;
  const footer = [card.footer, hidden > 0 ? text.more(hidden) : ""].filter(Boolean).join(" · ");
  return { ...card, facts: card.facts.slice(0, count), hidden, footer };
}
