import * as v from "valibot";
import { type Drawing, drawJson } from "../drawing.ts";
import { type Html, html } from "../html.ts";

const text = v.object({ type: v.literal("plain_text"), text: v.string() });
type Text = v.InferOutput<typeof text>;

const richElement = v.variant("type", [
  v.object({
    type: v.literal("text"),
    text: v.string(),
    style: v.optional(v.object({ bold: v.literal(true) })),
  }),
  v.object({ type: v.literal("date"), timestamp: v.number(), format: v.string(), fallback: v.string() }),
]);
const section = v.object({ type: v.literal("rich_text_section"), elements: v.array(richElement) });
const list = v.object({
  type: v.literal("rich_text_list"),
  style: v.literal("bullet"),
  elements: v.array(section),
});

const block = v.variant("type", [
  v.object({ type: v.literal("header"), text }),
  v.object({ type: v.literal("rich_text"), elements: v.array(v.variant("type", [section, list])) }),
  v.object({
    type: v.literal("actions"),
    elements: v.array(v.object({ type: v.literal("button"), text, url: v.string() })),
  }),
  v.object({ type: v.literal("context"), elements: v.array(text) }),
]);
type Block = v.InferOutput<typeof block>;

const message = v.object({ attachments: v.array(v.object({ color: v.string(), blocks: v.array(block) })) });

/** Slack: an attachment with its colour bar, and Block Kit inside. */
export const slack: Drawing = {
  looks: "slack",
  css: `
    .slack .card { background: light-dark(#fff, #1a1d21); color: light-dark(#1d1c1d, #d1d2d3); font-size: 15px; border: 0; border-radius: 8px; padding: 6px 8px; }
    .slack .attachment { border-left: 4px solid; border-radius: 4px; padding: 2px 0 2px 12px; }
    .slack .attachment > div { margin: 6px 0; color: inherit; white-space: pre-line; }
    .slack .header { font-size: 18px; font-weight: 900; }
    .slack ul { margin: 2px 0 8px; padding-left: 22px; }
    .slack .button { display: inline-block; padding: 2px 12px 3px; margin-right: 8px; border: 1px solid light-dark(#b8b8b8, #797c81); border-radius: 8px; color: inherit; font-weight: 700; font-size: 13px; }
    .slack .context { font-size: 12px; color: light-dark(#616061, #ababad) !important; }
    .slack a { text-decoration: none; }`,
  draw: drawJson(
    message,
    ({ attachments }) =>
      html`${attachments.map(
        ({ color, blocks }) =>
          html`<div class="attachment" style="border-color: ${color}">${blocks.map(drawBlock)}</div>`,
      )}`,
  ),
};

function drawBlock(block: Block): Html {
  switch (block.type) {
    case "header":
      return html`<div class="header">${drawText(block.text)}</div>`;
    case "context":
      return html`<div class="context">${block.elements.map(drawText)}</div>`;
    case "actions":
      return html`<div class="actions">${block.elements.map(
        (button) => html`<a class="button" href="${button.url}">${drawText(button.text)}</a>`,
      )}</div>`;
    case "rich_text":
      return html`<div>${block.elements.map((part) =>
        part.type === "rich_text_section"
          ? drawSection(part)
          : html`<ul>${part.elements.map((item) => html`<li>${drawSection(item)}</li>`)}</ul>`,
      )}</div>`;
    default:
      return block satisfies never;
  }
}

const drawSection = ({ elements }: v.InferOutput<typeof section>): Html =>
  html`<div>${elements.map((element) => {
    if (element.type === "date")
      return html`<time title="${element.fallback}">${readersTime(element)}</time>`;
    return element.style ? html`<b>${element.text}</b>` : html`${element.text}`;
  })}</div>`;

/** `Jan 1, 00:29:56`, as Slack writes `{date_short_pretty}, {time_secs}` to a reader in UTC. */
const readersTime = ({ timestamp }: { readonly timestamp: number }): string =>
  new Date(timestamp * 1_000).toLocaleString("en-US", {
    timeZone: "UTC",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });

const drawText = ({ text }: Text): Html => html`${unescaped(text)}`;

const unescaped = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
