import { fieldsOf, parseJson } from "../text/json.ts";
import type { Card, Tone } from "./chat/card.ts";
import { blocked, type CodeMeanings, codeOf, codeResult, permanent, textOf } from "./chat/code-result.ts";
import { fitted } from "./chat/fit.ts";
import { chatModule } from "./chat/module.ts";
import { chatEntries } from "./chat/options.ts";
import { neutralize, neutralizeLine } from "./chat/sanitize.ts";
import { words } from "./chat/text.ts";
import { urlSchema } from "./http/url-schema.ts";

/** Posts an attachment to a Mattermost incoming webhook. */
export const { schema, create } = chatModule(urlSchema(chatEntries), (options) => {
  const url = new URL(options.url);
  return {
    request: (card) => ({
      url,
      body: fitted(card, words[options.language], mattermostBody, (body) => body.length <= maxCharacters),
    }),
    toResult: (response, context) => {
      const { id, message } = fieldsOf(parseJson(response.body));
      // A refusal has the code `web.incoming_webhook.invalid.app_error`; success returns `ok`.
      const [, refusal] = /^web\.incoming_webhook\.([a-z_]+)\./.exec(textOf(id)) ?? [];
      const code = response.body.trim() === posted ? posted : (refusal ?? codeOf(id));
      const reply = { code, message: textOf(message) };
      return codeResult(response, reply, { success: posted, codes }, context);
    },
    secrets: [],
  };
});

const posted = "ok";
const maxCharacters = 16_383;

const colours: Readonly<Record<Tone, string>> = {
  running: "#2F6FDE",
  success: "#2EB67D",
  failure: "#E01E5A",
  attention: "#ECB22E",
  quiet: "#9AA0A6",
};

/** The card as JSON. Server, web and mobile parse Markdown differently, so marks in text from outside are replaced. */
export function mattermostBody(card: Card): string {
  const { glyph, title, subtitle, transition, body, facts, links, footer } = card;
  const text = [
    neutralize(subtitle),
    transition === "" ? "" : `**${neutralize(transition)}**`,
    ...body.map(neutralizeLine),
    links.map(({ label, url }) => `[${neutralize(label)}](${url})`).join(" · "),
  ];
  const attachment = {
    fallback: neutralize(card.plainText),
    color: colours[card.tone],
    title: neutralize(`${glyph} ${title}`),
    text: text.filter(Boolean).join("\n"),
    fields: facts.map(({ label, value }) => ({
      title: neutralize(label),
      value: neutralize(value),
      short: transition !== "",
    })),
    footer: neutralize(footer),
  };
  return JSON.stringify({ attachments: [attachment] });
}

/** https://github.com/mattermost/mattermost: server/channels/app/webhook.go, post.go, web/webhook.go */
const codes: CodeMeanings = new Map([
  ["api.post.create_post.can_not_post_to_deleted.error", blocked("gone", "the channel is archived")],
  ["api.post.create_post.town_square_read_only", blocked("unauthorized", "the channel is read-only")],
  [
    "api.context.permissions.app_error",
    blocked("unauthorized", "the webhook's owner may not post to the channel"),
  ],
  ["model.post.is_valid.msg.app_error", permanent("too_large", "the message is too long")],
  ["model.post.is_valid.props.app_error", permanent("too_large", "the message is too long")],
  ["invalid", blocked("not_found", "the webhook does not exist or was removed")],
  ["disabled", blocked("gone", "the server's administrator has switched incoming webhooks off")],
  ["channel", blocked("not_found", "the webhook's channel does not exist")],
  ["channel_locked", blocked("unauthorized", "the webhook may post to its own channel only")],
  ["permissions", blocked("unauthorized", "the webhook's owner may not post to the channel")],
  ["user", blocked("not_found", "the webhook's owner does not exist")],
  ["decode", permanent("rejected", "Mattermost cannot read the message")],
  ["parse", permanent("rejected", "Mattermost cannot read the message")],
  ["text", permanent("rejected", "Mattermost found no text in the message")],
  ["split_props_length", permanent("too_large", "the message is too long")],
]);
