import * as v from "valibot";
import { type Drawing, drawJson } from "../drawing.ts";
import { dingtalkMarkdown } from "../markdown.ts";

const message = v.object({
  msgtype: v.literal("markdown"),
  markdown: v.object({ title: v.string(), text: v.string() }),
});

/** DingTalk: a Markdown message in its bubble. */
export const dingtalk: Drawing = {
  looks: "dingtalk",
  css: `
    .dingtalk .cards { background: light-dark(#f2f3f5, #141414); padding: 12px; border-radius: 8px; }
    .dingtalk .card { background: light-dark(#fff, #2c2c2e); color: light-dark(#171a1d, #f0f0f0); border: 0; border-radius: 4px 12px 12px 12px; padding: 12px 14px; font-size: 14px; }
    .dingtalk h4 { font-size: 16px; margin: 0 0 6px; } .dingtalk p { margin: 6px 0; }
    .dingtalk blockquote { margin: 8px 0 0; padding-left: 10px; border-left: 3px solid light-dark(#d3d6d9, #5a5a5c); color: light-dark(#747677, #a0a2a5); }
    .dingtalk a { color: light-dark(#1a7be0, #5eb1ff); text-decoration: none; }`,
  draw: drawJson(message, ({ markdown: { text } }) => dingtalkMarkdown(text)),
};
