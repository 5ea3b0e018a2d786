import * as v from "valibot";
import { type Drawing, drawJson } from "../drawing.ts";
import { type Html, html, nothing } from "../html.ts";

const text = v.object({ type: v.picklist(["plain_text", "mrkdwn"]), text: v.string() });
type Text = v.InferOutput<typeof text>;

const block = v.variant("type", [
  v.object({ type: v.literal("header"), text }),
  v.object({ type: v.literal("section"), text: v.optional(text), fields: v.optional(v.array(text), []) }),
  v.object({ type: v.literal("context"), elements: v.array(text) }),
]);
type Block = v.InferOutput<typeof block>;

const message = v.object({ attachments: v.array(v.object({ color: v.string(), blocks: v.array(block) })) });

/** Slack: an attachment with its colour bar, and Block Kit inside. */
export const slack: Drawing = {
  looks: "slack",
  css: `
    .slack .card { background: #fff; color: #1d1c1d; font-size: 15px; border: 0; padding: 4px 0; }
    .slack .attachment { border-left: 4px solid; border-radius: 4px; padding: 2px 0 2px 12px; }
    .slack .attachment > div { margin: 6px 0; color: #1d1c1d; white-space: pre-line; }
    .slack .header { font-size: 18px; font-weight: 900; }
    .slack .fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 16px; }
    .slack .context { font-size: 12px; color: #616061 !important; }
    .slack a { color: #1264a3; text-decoration: none; }`,
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
    case "section":
      return html`<div>${block.text ? drawText(block.text) : nothing}<div class="fields">${block.fields.map(
        (field) => html`<div>${drawText(field)}</div>`,
      )}</div></div>`;
    default:
      return block satisfies never;
  }
}

const drawText = ({ type, text }: Text): Html =>
  type === "mrkdwn" ? mrkdwn(text) : html`${unescaped(text)}`;

const mrkdwn = (text: string): Html =>
  html`${text.split(/(<[^>]*>)/).map((part) => {
    const [, url, label] = /^<(https:[^|]*)\|(.*)>$/.exec(part) ?? [];
    return url === undefined
      ? html`${unescaped(part)}`
      : html`<a href="${unescaped(url)}">${unescaped(label ?? url)}</a>`;
  })}`;

const unescaped = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
