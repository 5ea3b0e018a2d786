import * as v from "valibot";
import { type Drawing, drawJson } from "../drawing.ts";
import { html, nothing } from "../html.ts";
import { discordMarkdown } from "../markdown.ts";

const embed = v.object({
  color: v.number(),
  title: v.string(),
  description: v.string(),
  fields: v.array(v.object({ name: v.string(), value: v.string(), inline: v.boolean() })),
  footer: v.optional(v.object({ text: v.string() })),
});

const message = v.object({ embeds: v.array(embed) });

/** Discord: an embed. */
export const discord: Drawing = {
  looks: "discord",
  css: `
    .discord .cards { background: light-dark(#fff, #313338); padding: 12px; border-radius: 8px; }
    .discord figcaption { color: light-dark(#5c5e66, #949ba4); }
    .discord .embed { background: light-dark(#f2f3f5, #2b2d31); color: light-dark(#313338, #dbdee1); border-left: 4px solid; border-radius: 4px; padding: 10px 16px 14px 12px; font-size: 14px; }
    .discord .title { font-size: 16px; font-weight: 600; color: light-dark(#060607, #fff); }
    .discord .description { margin-top: 6px; white-space: pre-line; }
    .discord .fields { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; margin-top: 8px; }
    .discord .wide { grid-column: 1 / -1; } .discord .fields b { display: block; color: light-dark(#060607, #fff); }
    .discord .footer { margin-top: 8px; font-size: 12px; }
    .discord a { color: light-dark(#006ce7, #00a8fc); text-decoration: none; }`,
  draw: drawJson(message, ({ embeds }) => html`${embeds.map(drawEmbed)}`),
};

const drawEmbed = ({ color, title, description, fields, footer }: v.InferOutput<typeof embed>) => html`
<div class="embed" style="border-color: ${hex(color)}">
  <div class="title">${discordMarkdown(title)}</div>
  <div class="description">${discordMarkdown(description)}</div>
  <div class="fields">${fields.map(
    ({ name, value, inline }) =>
      html`<div class="${inline ? "inline" : "wide"}"><b>${discordMarkdown(name)}</b>${discordMarkdown(value)}</div>`,
  )}</div>
  ${footer ? html`<div class="footer">${footer.text}</div>` : nothing}
</div>`;

const hex = (colour: number): string => `#${colour.toString(16).padStart(6, "0")}`;
