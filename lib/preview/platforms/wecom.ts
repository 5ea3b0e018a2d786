import * as v from "valibot";
import { type Drawing, drawJson } from "../drawing.ts";
import { wecomMarkdown } from "../markdown.ts";

const message = v.object({ msgtype: v.literal("markdown"), markdown: v.object({ content: v.string() }) });

/** WeCom: a Markdown message, with its three colours by name. */
export const wecom: Drawing = {
  looks: "wecom",
  css: `
    .wecom .cards { background: light-dark(#ebedf0, #191919); padding: 12px; border-radius: 8px; }
    .wecom .card { background: light-dark(#fff, #2b2b2b); color: light-dark(#000, #eaeaea); border: 0; border-radius: 6px; padding: 12px 14px; font-size: 14px; }
    .wecom blockquote { margin: 2px 0; padding-left: 8px; border-left: 3px solid light-dark(#e0e0e0, #4a4a4a); }
    .wecom .info { color: #2ba245; } .wecom .comment { color: light-dark(#7a7a7a, #a3a3a3); } .wecom .warning { color: #ed7b2f; }
    .wecom a { color: light-dark(#576b95, #8a9cc4); text-decoration: none; }`,
  draw: drawJson(message, ({ markdown: { content } }) => wecomMarkdown(content)),
};
