import * as v from "valibot";
import { type Drawing, drawJson } from "../drawing.ts";
import { type Html, html } from "../html.ts";

const plain = v.object({ tag: v.literal("plain_text"), content: v.string() });

const line = v.object({
  tag: v.literal("div"),
  text: v.object({
    ...plain.entries,
    text_size: v.optional(v.string(), "normal"),
    text_color: v.optional(v.string(), "default"),
  }),
});

const element = v.variant("tag", [
  line,
  v.object({ tag: v.literal("column_set"), columns: v.array(v.object({ elements: v.array(line) })) }),
  v.object({
    tag: v.literal("button"),
    text: plain,
    behaviors: v.array(v.object({ type: v.literal("open_url"), default_url: v.string() })),
  }),
]);
type Element = v.InferOutput<typeof element>;

const card = v.object({
  header: v.object({
    template: v.string(),
    title: plain,
    subtitle: plain,
    text_tag_list: v.array(v.object({ text: plain, color: v.string() })),
  }),
  body: v.object({ elements: v.array(element) }),
});

/** Feishu and Lark: an interactive card with its coloured head. */
export const feishu: Drawing = {
  looks: "feishu",
  css: `
    .feishu .card { background: light-dark(#fff, #292929); color: light-dark(#1f2329, #ebebeb); border: 1px solid light-dark(#dee0e3, #434343); border-radius: 8px; padding: 0; font-size: 14px; overflow: hidden; }
    .feishu .head { padding: 10px 12px; }
    .feishu .head b { font-size: 16px; } .feishu .subtitle { font-size: 14px; margin-top: 2px; }
    .feishu .head.blue { background: light-dark(#e1eaff, #192a4d); color: light-dark(#0c296e, #a8c5ff); } .feishu .head.green { background: light-dark(#d9f3e0, #16351f); color: light-dark(#0b4a1e, #a4e3b5); }
    .feishu .head.red { background: light-dark(#fde2e2, #462221); color: light-dark(#621c18, #fbb4b0); } .feishu .head.orange { background: light-dark(#feead2, #402a10); color: light-dark(#593109, #fad1a0); }
    .feishu .head.grey { background: light-dark(#eff0f1, #373737); color: light-dark(#373c43, #cfcfcf); }
    .feishu .tag { display: inline-block; font-size: 12px; border-radius: 4px; padding: 1px 6px; margin-left: 6px; color: #fff; }
    .feishu .tag.blue { background: #3370ff; } .feishu .tag.green { background: #34a853; } .feishu .tag.red { background: #f54a45; }
    .feishu .tag.orange { background: #e57b00; } .feishu .tag.neutral { background: #8f959e; }
    .feishu .body { padding: 10px 12px 12px; } .feishu .columns { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 12px; margin-bottom: 8px; }
    .feishu .notation { font-size: 12px; } .feishu .grey-text { color: #8f959e; }
    .feishu a { display: inline-block; border: 1px solid light-dark(#d0d3d6, #5f5f5f); border-radius: 6px; padding: 3px 12px; margin: 2px 8px 8px 0; color: inherit; text-decoration: none; }`,
  draw: drawJson(v.object({ card }), (message) => drawCard(message.card)),
};

/** Feishu's card as JSON text inside the request. */
export const feishuapp: Drawing = {
  ...feishu,
  draw: drawJson(v.object({ content: v.string() }), ({ content }) =>
    drawCard(v.parse(card, JSON.parse(content))),
  ),
};

const drawCard = ({ header, body }: v.InferOutput<typeof card>): Html => html`
<div class="${`head ${header.template}`}"><b>${header.title.content}</b>${header.text_tag_list.map(
  ({ text, color }) => html`<span class="${`tag ${color}`}">${text.content}</span>`,
)}<div class="subtitle">${header.subtitle.content}</div></div>
<div class="body">${body.elements.map(drawElement)}</div>`;

function drawElement(element: Element): Html {
  switch (element.tag) {
    case "div":
      return drawLine(element);
    case "column_set":
      return html`<div class="columns">${element.columns.map(({ elements }) => html`<div>${elements.map(drawLine)}</div>`)}</div>`;
    case "button":
      return html`${element.behaviors.map(({ default_url }) => html`<a href="${default_url}">${element.text.content}</a>`)}`;
    default:
      return element satisfies never;
  }
}

const drawLine = ({ text: { content, text_size, text_color } }: v.InferOutput<typeof line>): Html =>
  html`<div class="${`${text_size} ${text_color}-text`}">${content}</div>`;
