import { describe, expect, it } from "vitest";
import type { Card } from "../../../lib/sinks/chat/card.ts";
import { fitted } from "../../../lib/sinks/chat/fit.ts";
import { words } from "../../../lib/sinks/chat/text.ts";
import { sampleCard } from "./sample.ts";

const whole = (card: Card): Card => card;
const within = (card: Card, isFit: (card: Card) => boolean): Card => fitted(card, words.en, whole, isFit);

describe("fitting a card", () => {
  it("changes nothing of one that fits", () => {
    expect(within(sampleCard, () => true)).toEqual(sampleCard);
  });

  it("leaves out the last facts first and says how many", () => {
    const card = within(sampleCard, ({ facts }) => facts.length <= 1);
    expect(card.facts).toEqual(sampleCard.facts.slice(0, 1));
    expect(card).toMatchObject({ hidden: 2, footer: "task t-1 · and 2 more", links: sampleCard.links });
  });

  it("adds to what a digest has left out already", () => {
    const digest = { ...sampleCard, hidden: 10, footer: "" };
    expect(within(digest, () => true).footer).toBe("and 10 more");
    expect(within(digest, ({ facts }) => facts.length === 0).footer).toBe("and 13 more");
  });

  it("leaves out lines of the body, from the last on, before links", () => {
    const card = within(
      { ...sampleCard, facts: [], body: ["one", "two", "three"] },
      ({ body }) => body.length <= 2,
    );
    expect(card).toMatchObject({ body: ["one", "two"], links: sampleCard.links });
    expect(within({ ...sampleCard, body: ["x".repeat(100)] }, () => false).body).toEqual([
      `${"x".repeat(19)}…`,
    ]);
  });

  it("leaves out links before it cuts a text", () => {
    const card = within(sampleCard, ({ links }) => links.length === 0);
    expect(card).toMatchObject({ title: sampleCard.title, transition: sampleCard.transition });
  });

  it("cuts texts when nothing else is left", () => {
    const long = { ...sampleCard, title: "x".repeat(100) };
    expect(within(long, ({ title }) => title.length <= 50).title).toBe(`${"x".repeat(39)}…`);
    expect(within(long, () => false).title).toBe(`${"x".repeat(19)}…`);
  });
});
