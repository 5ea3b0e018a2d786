import { createHash } from "node:crypto";
import type { CloudEvent } from "../change/event.ts";
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
import { fitted } from "./chat/fit.ts";
import { chatModule } from "./chat/module.ts";
import { chatEntries } from "./chat/options.ts";
import { sanitize, shorten, utf8Bytes } from "./chat/sanitize.ts";
import { words } from "./chat/text.ts";
import { urlSchema } from "./http/url-schema.ts";

/** Posts a card to a Google Chat webhook: one thread per task; a repeat is not posted twice. */
export const { schema, create } = chatModule(urlSchema(chatEntries), (options) => {
  return {
    request: (card, _, events) => ({
      url: requestUrl(options.url, events),
      body: fitted(
        card,
        words[options.language],
        (form) => googlechatBody(form, threadKeyOf(events)),
        (body) => utf8Bytes(body) <= maxBytes,
      ),
    }),
    toResult: (response, context) => {
      const { name: posted, error } = fieldsOf(parseJson(response.body));
      const { status, message } = fieldsOf(error);
      const said = status === invalidArgument ? faultIn(textOf(message)) : codeOf(status);
      // A posted message has a name and no error.
      const code = said ?? (codeOf(posted) && success);
      const reply = { code, message: textOf(message) };
      return codeResult(response, reply, { success, codes }, context);
    },
    secrets: [],
  };
});

const success = "posted";
const invalidArgument = "INVALID_ARGUMENT";
const invalidKey = "API_KEY_INVALID";
const invalidPlace = "INVALID_ARGUMENT of the URL";

/** Google has one code for a bad message and for a bad URL. */
function faultIn(message: string): string {
  if (/api key/i.test(message)) return invalidKey;
  return /payload|card|widget|text|message|field|too (?:long|large|many)|size/i.test(message)
    ? invalidArgument
    : invalidPlace;
}

const maxBytes = 32_000;
const maxThreadKeyCharacters = 500;

/** Request id: Google returns the existing message for a known id instead of posting again. */
function requestUrl(webhook: string, events: readonly CloudEvent[]): URL {
  const url = new URL(webhook);
  // Without it the thread key is ignored.
  url.searchParams.set("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
  const ids = events.map(({ id }) => id).join("\n");
  url.searchParams.set("requestId", createHash("sha256").update(ids).digest("hex").slice(0, 32));
  return url;
}

/** The task's id; null for a digest, which starts a thread of its own. */
function threadKeyOf([event, ...others]: readonly CloudEvent[]): string | null {
  if (!event || others.length > 0) return null;
  return shorten(sanitize(event.data.task.id), maxThreadKeyCharacters);
}

/** Readable on the light and on the dark card: a colour in a text stays as it is on both. */
const colours: Readonly<Record<Tone, string>> = {
  running: "#2F6FDE",
  success: "#1E8E3E",
  failure: "#D93025",
  attention: "#B06000",
  quiet: "#7A7F85",
};

/** The message as JSON. */
export function googlechatBody(card: Card, threadKey: string | null): string {
  const { glyph, title, subtitle, transition, body, facts, links, footer } = card;
  const widgets = [
    ...(transition === "" ? [] : [{ textParagraph: { text: `<b>${coloured(card.tone, transition)}</b>` } }]),
    ...(body.length === 0 ? [] : [{ textParagraph: { text: body.map(escaped).join("\n") } }]),
    ...facts.map(({ label, value }) => ({
      decoratedText: { topLabel: plain(label), text: escaped(value), wrapText: true },
    })),
    ...(links.length === 0
      ? []
      : [
          {
            buttonList: {
              buttons: links.map(({ label, url }) => ({
                text: plain(label),
                onClick: { openLink: { url } },
              })),
            },
          },
        ]),
    ...(footer === "" ? [] : [{ textParagraph: { text: coloured("quiet", footer) } }]),
  ];
  const header = { title: plain(`${glyph} ${title}`), subtitle: plain(subtitle) };
  return JSON.stringify({
    fallbackText: plain(card.plainText),
    cardsV2: [{ cardId: "change", card: { header, sections: [{ widgets }] } }],
    ...(threadKey === null ? {} : { thread: { threadKey } }),
  });
}

/** Escapes text that Google reads as HTML, where a bare URL would become a link. */
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("://", "：//");

/** Escapes text for fields of which Google does not document whether they are HTML; correct in both cases. */
const plain = (text: string): string =>
  text.replaceAll("&", "＆").replaceAll("<", "＜").replaceAll(">", "＞").replaceAll("://", "：//");

const coloured = (tone: Tone, text: string): string =>
  `<font color="${colours[tone]}">${escaped(text)}</font>`;

/** https://developers.google.com/workspace/chat/api/guides/errors and https://cloud.google.com/apis/design/errors */
const codes: CodeMeanings = new Map([
  [
    invalidPlace,
    blocked("not_found", "Google finds something wrong that is not the message: look at the URL"),
  ],
  [invalidKey, blocked("unauthorized", "the webhook's key is not valid")],
  [invalidArgument, permanent("rejected", "Google finds a field of the message wrong or too long")],
  ["FAILED_PRECONDITION", blocked("rejected", "the space does not take the webhook's messages")],
  ["UNAUTHENTICATED", blocked("unauthorized", "the webhook's token is not valid")],
  ["PERMISSION_DENIED", blocked("unauthorized", "the webhook may not post to the space, or was removed")],
  ["NOT_FOUND", blocked("not_found", "the space or the webhook does not exist")],
  ["RESOURCE_EXHAUSTED", retry("throttled", "too many messages in the space", 1_000)],
  ["ABORTED", retry("server_error", "Google did not finish")],
  ["DEADLINE_EXCEEDED", retry("timeout", "Google did not finish in time")],
  ["INTERNAL", retry("server_error", "Google failed")],
  ["UNAVAILABLE", retry("server_error", "Google is not available")],
]);
