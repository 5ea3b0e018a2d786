import * as v from "valibot";
import { type Drawing, drawJson } from "../drawing.ts";
import { html } from "../html.ts";
import { tagged } from "../markdown.ts";

const message = v.object({ parse_mode: v.literal("HTML"), text: v.string() });

/** Telegram: a bubble with Telegram's own HTML. */
export const telegram: Drawing = {
  looks: "telegram",
  css: `
    .telegram .cards { background: light-dark(#d6e4ee, #0e1621); padding: 12px; border-radius: 8px; }
    .telegram .card { background: light-dark(#fff, #182533); color: light-dark(#000, #fff); border-radius: 4px 14px 14px 14px; padding: 8px 12px; font-size: 14px; white-space: pre-line; }
    .telegram code { font-family: "DejaVu Sans Mono", Consolas, monospace; font-size: 12px; color: light-dark(#3390ec, #6ab3f3); } .telegram a { color: light-dark(#3390ec, #6ab3f3); text-decoration: none; }`,
  draw: drawJson(message, ({ text }) => html`${tagged(text)}`),
};
