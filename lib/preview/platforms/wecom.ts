import * as v from "valibot";
import { type Drawing, drawJson } from "../drawing.ts";
import { wecomMarkdown } from "../markdown.ts";

const message = v.object({ msgtype: v.literal("markdown"), markdown: v.object({ content: v.string() }) });

/** WeCom: a Markdown message, with its three colours by name. */
export const wecom: Drawing = {
  looks: "wecom",
  css: `
    .wecom .cards { background: #ebedf0; padding: 12px; border-radius: 8px; }
    .wecom .card { background: #fff; color: #000; border: 0; border-radius: 6px; padding: 12px 14px; font-size: 14px; }
    .wecom blockquote { margin: 2px 0; padding-left: 8px; border-left: 3px solid #e0e0e0; }
    .wecom .info { color: #2ba245; } .wecom .comment { color: #8f8f8f; } .wecom .warning { color: #ed7b2f; }
    .wecom a { color: #576b95; text-decoration: none; }`,
  draw: drawJson(message, ({ markdown: { content } }) => wecomMarkdown(content)),
};
