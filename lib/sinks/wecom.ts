import { fieldsOf, parseJson } from "../text/json.ts";
import type { Card, Tone } from "./chat/card.ts";
import {
  blocked,
  type CodeMeanings,
  codeOf,
  codeResult,
  permanent,
  retry,
  textOf,
} from "./chat/code-result.ts";
import { fitted, joined } from "./chat/fit.ts";
import { chatModule } from "./chat/module.ts";
import { chatEntries } from "./chat/options.ts";
import { neutralize, neutralizeLine, utf8Bytes } from "./chat/sanitize.ts";
import { type Words, words } from "./chat/text.ts";
import { urlSchema } from "./http/url-schema.ts";

/** Posts Markdown to a WeCom group robot. */
export const { schema, create } = chatModule(urlSchema(chatEntries), (options) => {
  const url = new URL(options.url);
  const text = words[options.language];
  return {
    request: (card) => {
      const content = fitted(
        card,
        text,
        (form) => wecomMarkdown(form, text),
        (body) => utf8Bytes(body) <= maxBytes,
      );
      return { url, body: JSON.stringify({ msgtype: "markdown", markdown: { content } }) };
    },
    toResult: (response, context) => {
      const { errcode, errmsg } = fieldsOf(parseJson(response.body));
      const reply = { code: codeOf(errcode), message: textOf(errmsg) };
      return codeResult(response, reply, { success: "0", codes }, context);
    },
    secrets: [],
  };
});

const maxBytes = 4_096;
/** Half of a message's limit, so that long links leave room for facts. */
const maxLinksCharacters = 2_000;

/** Colour names that WeCom knows; its `warning` is orange. */
const colours: Readonly<Record<Tone, string>> = {
  running: "comment",
  success: "info",
  failure: "warning",
  attention: "warning",
  quiet: "comment",
};

/** The card as WeCom's Markdown. */
export function wecomMarkdown(card: Card, { colon }: Words): string {
  const { glyph, title, subtitle, transition, body, facts, links, footer } = card;
  return [
    `**${glyph} ${neutralize(title)}**`,
    neutralize(subtitle),
    transition === "" ? "" : font(colours[card.tone], transition),
    ...body.map(neutralizeLine),
    ...facts.map(({ label, value }) => `> ${neutralize(label)}${colon}${font("comment", value)}`),
    joined(
      links.map(({ label, url }) => `[${neutralize(label)}](${url})`),
      "  ",
      maxLinksCharacters,
    ),
    footer === "" ? "" : font("comment", footer),
  ]
    .filter(Boolean)
    .join("\n");
}

const font = (colour: string, text: string): string => `<font color="${colour}">${neutralize(text)}</font>`;

const aMinuteMs = 60_000;

/** https://developer.work.weixin.qq.com/document/path/90313 (all codes) and path/99110 (robots) */
const codes: CodeMeanings = new Map([
  ["-1", retry("server_error", "WeCom is busy")],
  ["45009", retry("throttled", "more than 20 messages in a minute", aMinuteMs)],
  ["45033", retry("throttled", "too many messages at once", aMinuteMs)],
  ["93000", blocked("unauthorized", "the robot's key is not valid, or the robot was removed")],
  ["93004", blocked("gone", "the robot is switched off")],
  ["93008", blocked("unauthorized", "the robot is not in the group")],
  ["40008", permanent("rejected", "WeCom does not know this type of message")],
  ["40058", permanent("rejected", "WeCom finds a field of the message wrong or too long")],
  ["44004", permanent("rejected", "WeCom found no text in the message")],
  ["45002", permanent("too_large", "the message is too long")],
]);
