import * as v from "valibot";
import { described, filledText } from "../options/fields.ts";
import { fieldsOf, parseJson } from "../text/json.ts";
import type { Card } from "./chat/card.ts";
import { blocked, type CodeMeanings, codeOf, codeResult, retry, textOf } from "./chat/code-result.ts";
import { modeEntry } from "./chat/living.ts";
import { livingModule } from "./chat/module.ts";
import { apiResource, apiUrl, chatEntries } from "./chat/options.ts";
import { messageCodes, slackMessage } from "./chat/slack-message.ts";
import type { SinkResponse } from "./http/response.ts";
import { urlSchema } from "./http/url-schema.ts";

const tokenExpectation = "a bot token (xoxb-…)";
/** Posts one message per task as a Slack app, and edits it or replies to it. */
export const { schema, create } = livingModule(
  urlSchema({
    ...chatEntries,
    url: apiUrl("https://slack.com/api"),
    token: described(
      v.pipe(v.string(tokenExpectation), v.regex(/^xox[\x21-\x7e]+$/, tokenExpectation)),
      "The app's bot token. It needs the scope `chat:write`.",
    ),
    channel: described(
      filledText("a channel's id such as C0123456789"),
      "Id of the channel; the bot must be a member.",
    ),
    mode: modeEntry(["update", "thread", "post"], "update"),
  }),
  (options) => {
    const { token, channel, language } = options;
    const request = (method: string, card: Card, place: object) => ({
      url: apiResource(options.url, method),
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ ...place, ...slackMessage(card, language) }),
    });
    return {
      post: (card) => request("chat.postMessage", card, { channel }),
      edit: (card, message) => request("chat.update", card, placeOf(message)),
      reply(card, message, { isUrgent }) {
        const { channel, ts } = placeOf(message);
        // Only a broadcast reply shows in the channel.
        return request("chat.postMessage", card, { channel, thread_ts: ts, reply_broadcast: isUrgent });
      },
      toResult(response, context) {
        const { channel, ts } = fieldsOf(parseJson(response.body));
        const result = codeResult(
          response,
          { code: saidIn(response), message: "" },
          { success, codes },
          context,
        );
        // An edit needs a channel id, not a name, so the id from the response is kept.
        if (result.kind !== "accepted" || textOf(ts) === "") return result;
        return { ...result, message: `${textOf(channel)} ${textOf(ts)}` };
      },
      isGone: (response) => gone.has(saidIn(response) ?? ""),
      secrets: [token],
      showsGroups: true,
    };
  },
);

const success = "ok";

/** Slack returns 200 even when it refuses; the outcome is in the body. */
function saidIn({ body }: SinkResponse): string | null {
  const { ok, error } = fieldsOf(parseJson(body));
  return ok === true ? success : codeOf(error);
}

function placeOf(message: string): { readonly channel: string; readonly ts: string } {
  const [channel = "", ts = ""] = message.split(" ");
  return { channel, ts };
}

const gone: ReadonlySet<string> = new Set([
  "message_not_found",
  "cant_update_message",
  "edit_window_closed",
  "thread_not_found",
  "cannot_reply_to_message",
]);

/** https://docs.slack.dev/reference/methods/chat.postMessage#errors and the errors of chat.update */
const codes: CodeMeanings = new Map([
  ...messageCodes,
  ["not_in_channel", blocked("unauthorized", "the bot is not in the channel: invite it")],
  ["is_archived", blocked("gone", "the channel is archived")],
  ["invalid_auth", blocked("unauthorized", "the token is not valid")],
  ["not_authed", blocked("unauthorized", "the token is missing")],
  [
    "not_allowed_token_type",
    blocked("unauthorized", "the token is of the wrong kind: a bot token is needed"),
  ],
  ["token_revoked", blocked("unauthorized", "the token was revoked")],
  ["token_expired", blocked("unauthorized", "the token has expired")],
  ["account_inactive", blocked("unauthorized", "the bot or its workspace was removed")],
  ["missing_scope", blocked("unauthorized", "the app lacks the scope chat:write")],
  ["no_permission", blocked("unauthorized", "the app may not post to the channel")],
  ["access_denied", blocked("unauthorized", "the app may not post to the channel")],
  ["messages_tab_disabled", blocked("unauthorized", "the app's messages are switched off for this user")],
  ["accesslimited", blocked("unauthorized", "Slack is not to be reached from this network")],
  [
    "enterprise_is_restricted",
    blocked("unauthorized", "the token is an organization's: a workspace's is needed"),
  ],
  ["two_factor_setup_required", blocked("unauthorized", "the workspace wants two-factor authentication")],
  ["app_access_expired", blocked("unauthorized", "the app's access has expired")],
  ["internal_error", retry("server_error", "Slack failed; the message may have been posted")],
  ["fatal_error", retry("server_error", "Slack failed; the message may have been posted")],
  ["service_unavailable", retry("server_error", "Slack is not available")],
  ["request_timeout", retry("timeout", "Slack did not get the whole request")],
]);
