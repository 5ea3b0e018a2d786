import * as v from "valibot";
import { type Drawing, drawJson } from "../drawing.ts";
import { html } from "../html.ts";
import { discordMarkdown } from "../markdown.ts";

const attachment = v.object({
  color: v.string(),
  title: v.string(),
  text: v.string(),
  fields: v.array(v.object({ title: v.string(), value: v.string(), short: v.boolean() })),
  footer: v.string(),
});

const message = v.object({ attachments: v.array(attachment) });

/** Mattermost: an attachment with its colour bar, fields in two columns. */
export const mattermost: Drawing = {
  looks: "mattermost",
  css: `
    .mattermost .attachment { background: light-dark(#fff, #191b1f); color: light-dark(#3f4350, #dddfe4); border: 1px solid light-dark(#dddfe4, #3b3d44); border-left: 4px solid; border-radius: 4px; padding: 10px 12px; font-size: 14px; }
    .mattermost .title { font-size: 16px; font-weight: 600; } .mattermost .text { margin-top: 4px; white-space: pre-line; }
    .mattermost .fields { display: grid; grid-template-columns: 1fr 1fr; gap: 6px 12px; margin-top: 8px; }
    .mattermost .wide { grid-column: 1 / -1; } .mattermost .fields b { display: block; }
    .mattermost .footer { margin-top: 8px; font-size: 12px; color: light-dark(#75798a, #9a9ca6); } .mattermost a { color: light-dark(#386fe5, #5d89ea); text-decoration: none; }`,
  draw: drawJson(
    message,
    ({ attachments }) =>
      html`${attachments.map(
        ({ color, title, text, fields, footer }) => html`
<div class="attachment" style="border-left-color: ${color}">
  <div class="title">${title}</div><div class="text">${discordMarkdown(text)}</div>
  <div class="fields">${fields.map(
    (field) =>
      html`<div class="${field.short ? "short" : "wide"}"><b>${field.title}</b>${discordMarkdown(field.value)}</div>`,
  )}</div>
  <div class="footer">${footer}</div>
</div>`,
      )}`,
  ),
};
