import * as v from "valibot";
import { type Drawing, drawJson } from "../drawing.ts";
import { html } from "../html.ts";

const run = v.object({
  type: v.literal("TextRun"),
  text: v.string(),
  size: v.optional(v.picklist(["small", "default", "medium", "large"]), "default"),
  weight: v.optional(v.picklist(["default", "bolder"]), "default"),
  color: v.optional(v.picklist(["default", "accent", "good", "attention", "warning"]), "default"),
  isSubtle: v.optional(v.boolean(), false),
});

const content = v.object({
  type: v.literal("AdaptiveCard"),
  body: v.array(
    v.object({
      type: v.literal("RichTextBlock"),
      spacing: v.picklist(["none", "small", "medium"]),
      inlines: v.array(run),
    }),
  ),
  actions: v.array(v.object({ type: v.literal("Action.OpenUrl"), title: v.string(), url: v.string() })),
});

const message = v.object({ attachments: v.array(v.object({ content })) });

/** Teams: an Adaptive Card in the host's light theme. */
export const teams: Drawing = {
  looks: "teams",
  css: `
    .teams .card { background: light-dark(#fff, #292929); color: light-dark(#242424, #fff); border: 1px solid light-dark(#e0e0e0, #3d3d3d); border-radius: 8px; padding: 14px 16px; font-size: 14px; }
    .teams .small { margin-top: 4px; } .teams .medium { margin-top: 12px; }
    .teams .size-small { font-size: 12px; } .teams .size-large { font-size: 18px; line-height: 24px; }
    .teams .bolder { font-weight: 600; } .teams .subtle { color: light-dark(#616161, #adadad); }
    .teams .accent { color: light-dark(#5b5fc7, #9299f7); } .teams .good { color: light-dark(#237b4b, #92c353); }
    .teams .attention { color: light-dark(#c4314b, #f9526b); } .teams .warning { color: light-dark(#835c00, #f8d22a); }
    .teams .actions { display: flex; gap: 8px; }
    .teams .actions a { margin-top: 14px; border: 1px solid light-dark(#d1d1d1, #666); border-radius: 4px; padding: 4px 14px; color: inherit; font-weight: 600; text-decoration: none; }`,
  draw: drawJson(
    message,
    ({ attachments }) =>
      html`${attachments.map(
        ({ content: { body, actions } }) => html`
        ${body.map(({ spacing, inlines }) => html`<div class="${spacing}">${inlines.map(drawRun)}</div>`)}
        <div class="actions">${actions.map(({ title, url }) => html`<a href="${url}">${title}</a>`)}</div>`,
      )}`,
  ),
};

const drawRun = ({ text, size, weight, color, isSubtle }: v.InferOutput<typeof run>) =>
  html`<span class="${`size-${size} ${weight} ${color} ${isSubtle ? "subtle" : ""}`}">${text}</span>`;
