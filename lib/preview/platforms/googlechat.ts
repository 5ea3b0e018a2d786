import * as v from "valibot";
import { type Drawing, drawJson } from "../drawing.ts";
import { type Html, html } from "../html.ts";
import { tagged } from "../markdown.ts";

const widget = v.union([
  v.object({ textParagraph: v.object({ text: v.string() }) }),
  v.object({ decoratedText: v.object({ topLabel: v.string(), text: v.string() }) }),
  v.object({
    buttonList: v.object({
      buttons: v.array(
        v.object({ text: v.string(), onClick: v.object({ openLink: v.object({ url: v.string() }) }) }),
      ),
    }),
  }),
]);

const card = v.object({
  header: v.object({ title: v.string(), subtitle: v.string() }),
  sections: v.array(v.object({ widgets: v.array(widget) })),
});

const message = v.object({ cardsV2: v.array(v.object({ card })) });

/** Google Chat: a card of the second version. */
export const googlechat: Drawing = {
  looks: "googlechat",
  css: `
    .googlechat .card { background: light-dark(#fff, #1e1f20); color: light-dark(#1f1f1f, #e3e3e3); border: 1px solid light-dark(#c4c7c5, #444746); border-radius: 12px; padding: 12px 16px; font-size: 14px; }
    .googlechat .title { font-size: 16px; font-weight: 500; } .googlechat .subtitle { color: light-dark(#5f6368, #9aa0a6); font-size: 12px; }
    .googlechat .widget { margin-top: 8px; } .googlechat .label { color: light-dark(#5f6368, #9aa0a6); font-size: 12px; }
    .googlechat a { display: inline-block; background: light-dark(#e1e3e1, #37393b); border-radius: 16px; padding: 4px 14px; color: inherit; text-decoration: none; }`,
  draw: drawJson(
    message,
    ({ cardsV2 }) =>
      html`${cardsV2.map(
        ({ card: { header, sections } }) => html`
<div class="title">${header.title}</div><div class="subtitle">${header.subtitle}</div>
${sections.flatMap(({ widgets }) => widgets).map((each) => html`<div class="widget">${drawWidget(each)}</div>`)}`,
      )}`,
  ),
};

function drawWidget(each: v.InferOutput<typeof widget>): Html {
  if ("textParagraph" in each) return tagged(each.textParagraph.text);
  if ("decoratedText" in each) {
    const { topLabel, text } = each.decoratedText;
    return html`<div class="label">${topLabel}</div>${tagged(text)}`;
  }
  return html`${each.buttonList.buttons.map(
    ({ text, onClick }) => html`<a href="${onClick.openLink.url}">${text}</a>`,
  )}`;
}
