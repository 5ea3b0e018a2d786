import { createHmac } from "node:crypto";
import * as v from "valibot";
import { described } from "../options/fields.ts";
import { fieldsOf, parseJson } from "../text/json.ts";
import type { Card } from "./chat/card.ts";
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
import { neutralize, neutralizeLine, utf8Bytes } from "./chat/sanitize.ts";
import { type Words, words } from "./chat/text.ts";
import { urlSchema } from "./http/url-schema.ts";

const secretExpectation = "the robot's signature secret, which begins with SEC";
/** Posts Markdown to a DingTalk custom robot. */
export const { schema, create } = chatModule(
  urlSchema({
    ...chatEntries,
    secret: v.optional(
      described(
        v.pipe(v.string(secretExpectation), v.startsWith("SEC", secretExpectation)),
        "The robot's secret (`SEC…`), if it verifies signatures.",
      ),
    ),
  }),
  (options) => {
    const url = new URL(options.url);
    const text = words[options.language];
    const { secret } = options;
    return {
      request: (card, nowMs) => ({
        url: secret === undefined ? url : signedUrl(url, secret, nowMs),
        body: fitted(
          card,
          text,
          (form) => dingtalkBody(form, text),
          (body) => utf8Bytes(body) <= maxBytes,
        ),
      }),
      toResult: (response, context) => {
        const { errcode, errmsg, status } = fieldsOf(parseJson(response.body));
        // The page for a rate-limited robot has a status of its own.
        const code = status === throttlePage ? String(throttlePage) : codeOf(errcode);
        return codeResult(response, { code, message: textOf(errmsg) }, { success: "0", codes }, context);
      },
      secrets: secret === undefined ? [] : [secret],
    };
  },
);

/** The robot's URL, signed for an instant (epoch milliseconds). */
export function signedUrl(url: URL, secret: string, timestampMs: number): URL {
  const sign = createHmac("sha256", secret).update(`${timestampMs}\n${secret}`).digest("base64");
  const signed = new URL(url);
  signed.searchParams.set("timestamp", String(timestampMs));
  signed.searchParams.set("sign", sign);
  return signed;
}

// The documented limit is 20,000 bytes; the margin is for safety.
const maxBytes = 18_000;
const throttlePage = 1111;

/** The card as JSON. Two trailing spaces end a line; an empty line ends a paragraph. */
export function dingtalkBody(card: Card, { colon }: Words): string {
  const { glyph, title, subtitle, transition, body, facts, links, footer } = card;
  const paragraphs = [
    `#### ${glyph} ${neutralize(title)}`,
    [neutralize(subtitle), transition === "" ? "" : `**${neutralize(transition)}**`]
      .filter(Boolean)
      .join("  \n"),
    body.map(neutralizeLine).join("  \n"),
    facts.map(({ label, value }) => `**${neutralize(label)}**${colon}${neutralize(value)}`).join("  \n"),
    links.map(({ label, url }) => `[${neutralize(label)}](${url})`).join("  "),
    footer === "" ? "" : `> ${neutralize(footer)}`,
  ];
  return JSON.stringify({
    msgtype: "markdown",
    // Notifications show the title unformatted.
    markdown: { title: `${glyph} ${neutralize(title)}`, text: paragraphs.filter(Boolean).join("\n\n") },
    at: { isAtAll: false },
  });
}

const tenMinutesMs = 600_000;
const tooFast = retry("throttled", "more than 20 messages in a minute silence a robot for ten", tenMinutesMs);

/** https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages and open.dingtalk.com/document/orgapp/server-api-error-codes-1 */
const codes: CodeMeanings = new Map([
  ["-1", retry("server_error", "DingTalk is busy")],
  ["130101", tooFast],
  ["410100", tooFast],
  [String(throttlePage), tooFast],
  ["310000", blocked("unauthorized", "the robot's keyword, signature or address check failed")],
  ["40035", permanent("rejected", "DingTalk cannot read the message, or it is too large")],
  ["460101", permanent("too_large", "the message is too long")],
  ["300001", blocked("not_found", "the robot's access_token is not valid")],
  ["300005", blocked("not_found", "the robot's access_token does not exist")],
  ["400101", blocked("not_found", "the robot's access_token does not exist")],
  ["400106", blocked("not_found", "the robot does not exist")],
  ["400013", blocked("gone", "the group is dissolved")],
  ["400102", blocked("gone", "the robot is switched off")],
  ["400105", permanent("rejected", "DingTalk does not know this type of message")],
  ["430101", permanent("rejected", "DingTalk finds a link in the message unsafe")],
  ["430102", permanent("rejected", "DingTalk finds the message's text unfit")],
  ["430103", permanent("rejected", "DingTalk finds a picture in the message unfit")],
  ["430104", permanent("rejected", "DingTalk finds the message unfit")],
]);
