import * as v from "valibot";
import type { SinkName } from "../names.ts";
import type { Card, Tone } from "./chat/card.ts";
import { fitted } from "./chat/fit.ts";
import { shorten } from "./chat/foreign.ts";
import { chatEntries, httpsUnlessPrivate } from "./chat/options.ts";
import { chatSink } from "./chat/post.ts";
import { words } from "./chat/text.ts";
import { blocked, type Codes, codeVerdict, permanent, retry } from "./chat/verdict.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const fields = v.strictObject(chatEntries);
export const schema = v.pipe(fields, httpsUnlessPrivate<v.InferOutput<typeof fields>>());
export type SlackOptions = v.InferOutput<typeof schema>;

/** Posts to a Slack incoming webhook. */
export function create(name: SinkName, options: SlackOptions, deps: SinkDeps): Sink {
  const url = new URL(options.url);
  return chatSink(name, options, deps, {
    request: (card) => ({
      url,
      body: fitted(card, words[options.language], slackBody, (body) => body.length <= maxCharacters),
    }),
    verdict: (answer, context) => {
      const code = answer.body.trim();
      const saying = { code: /^[a-z_]{2,60}$/.test(code) ? code : null, message: "" };
      return codeVerdict(answer, saying, { success: "ok", codes }, context);
    },
    secrets: [],
  });
}

// Slack was seen to refuse blocks of some 13,200 characters in all, which it does not document.
const maxCharacters = 10_000;
const maxHeaderCharacters = 150;
const maxTextCharacters = 2_000;
const fieldsInSection = 10;

const colours: Readonly<Record<Tone, string>> = {
  running: "#2F6FDE",
  success: "#2EB67D",
  failure: "#E01E5A",
  attention: "#ECB22E",
  quiet: "#9AA0A6",
};

/** The card as JSON: only an attachment has a colour bar, and blocks inside it. */
export function slackBody(card: Card): string {
  const { glyph, title, transition, body, facts, links, footer } = card;
  const blocks = [
    { type: "header", text: plain(`${glyph} ${title}`, maxHeaderCharacters) },
    { type: "section", text: plain([card.subtitle, transition].filter(Boolean).join("\n")) },
    ...(body.length === 0 ? [] : [{ type: "section", text: plain(body.join("\n")) }]),
    ...chunks(facts, fieldsInSection).map((chunk) => ({
      type: "section",
      fields: chunk.map(({ label, value }) => plain(`${label}\n${value}`)),
    })),
    ...(links.length === 0 ? [] : [{ type: "section", text: mrkdwn(links.map(linkText).join("  ·  ")) }]),
    ...(footer === "" ? [] : [{ type: "context", elements: [plain(footer)] }]),
  ];
  return JSON.stringify({
    unfurl_links: false,
    unfurl_media: false,
    attachments: [{ color: colours[card.tone], fallback: escaped(card.plainText), blocks }],
  });
}

/** Slack reads these three in every text; its other marks mean nothing in plain text, and cannot be escaped. */
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const plain = (text: string, most = maxTextCharacters) => ({
  type: "plain_text",
  text: escaped(shorten(text, most, (part) => escaped(part).length)),
  emoji: false,
});

const mrkdwn = (text: string) => ({ type: "mrkdwn", text, verbatim: true });
const linkText = ({ label, url }: Card["links"][number]): string =>
  `<${escaped(url)}|${escaped(label).replaceAll("|", "/")}>`;

const chunks = <Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

const codes: Codes = new Map([
  ["invalid_payload", permanent("rejected", "Slack cannot read the message")],
  ["invalid_blocks", permanent("rejected", "Slack cannot read the message's blocks")],
  ["no_text", permanent("rejected", "Slack found no text in the message")],
  ["msg_too_long", permanent("too_large", "the message is too long")],
  ["msg_blocks_too_long", permanent("too_large", "the message's blocks are too long")],
  ["too_many_attachments", permanent("too_large", "too many attachments")],
  ["user_not_found", blocked("not_found", "the webhook's user does not exist")],
  ["channel_not_found", blocked("not_found", "the webhook's channel does not exist")],
  ["channel_is_archived", blocked("gone", "the channel is archived")],
  ["no_service", blocked("gone", "the webhook was removed")],
  ["no_service_id", blocked("gone", "the webhook was removed")],
  ["no_active_hooks", blocked("gone", "the webhook is switched off")],
  ["no_team", blocked("gone", "the workspace does not exist")],
  ["team_disabled", blocked("gone", "the workspace is disabled")],
  ["invalid_token", blocked("unauthorized", "the webhook's URL is not valid")],
  ["action_prohibited", blocked("unauthorized", "an administrator forbids the webhook")],
  ["posting_to_general_channel_denied", blocked("unauthorized", "posting to this channel is restricted")],
  ["rollup_error", retry("server_error", "Slack could not process the message")],
  ["rate_limited", retry("throttled", "too many messages", 1_000)],
  ["ratelimited", retry("throttled", "too many messages", 1_000)],
]);
