import * as v from "valibot";
import { type Drawing, drawJson } from "../drawing.ts";
import { html } from "../html.ts";
import { tagged } from "../markdown.ts";

const message = v.object({ parse_mode: v.literal("HTML"), text: v.string() });

/** Telegram: a bubble with Telegram's own HTML. */
export const telegram: Drawing = {
  looks: "telegram",
  css: `
    .telegram .cards { background: #d6e4ee; padding: 12px; border-radius: 8px; }
    .telegram .card { background: #fff; color: #000; border-radius: 4px 14px 14px 14px; padding: 8px 12px; font-size: 14px; white-space: pre-line; }
    .telegram code { font-family: "DejaVu Sans Mono", Consolas, monospace; font-size: 12px; color: #3390ec; } .telegram a { color: #3390ec; text-decoration: none; }`,
  draw: drawJson(message, ({ text }) => html`${tagged(text)}`),
};
