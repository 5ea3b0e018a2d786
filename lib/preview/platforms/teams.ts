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
    .teams .card { background: #fff; color: #242424; border: 1px solid #e0e0e0; border-radius: 8px; padding: 14px 16px; font-size: 14px; }
    .teams .small { margin-top: 4px; } .teams .medium { margin-top: 12px; }
    .teams .size-small { font-size: 12px; } .teams .size-large { font-size: 18px; line-height: 24px; }
    .teams .bolder { font-weight: 600; } .teams .subtle { color: #616161; }
    .teams .accent { color: #5b5fc7; } .teams .good { color: #237b4b; }
    .teams .attention { color: #c4314b; } .teams .warning { color: #835c00; }
    .teams .actions { display: flex; gap: 8px; }
    .teams .actions a { margin-top: 14px; border: 1px solid #d1d1d1; border-radius: 4px; padding: 4px 14px; color: #242424; font-weight: 600; text-decoration: none; }`,
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
