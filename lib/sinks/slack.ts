import { blocked, type CodeMeanings, codeResult, permanent, retry } from "./chat/code-result.ts";
import { chatModule } from "./chat/module.ts";
import { chatEntries } from "./chat/options.ts";
import { messageCodes, slackMessage } from "./chat/slack-message.ts";
import { urlSchema } from "./http/url-schema.ts";

/** Posts to a Slack incoming webhook. */
export const { schema, create } = chatModule(
  urlSchema(chatEntries, {
    host: /^hooks\.slack(-gov)?\.com$/,
    path: /^\/services\//,
    expectation:
      "the URL of an incoming webhook (/services/…); one of a workflow (/workflows/…, /triggers/…) takes no such messages",
  }),
  (options) => {
    const url = new URL(options.url);
    return {
      request: (card) => ({ url, body: JSON.stringify(slackMessage(card, options.language)) }),
      toResult: (response, context) => {
        const code = response.body.trim();
        const reply = { code: /^[a-z_]{2,60}$/.test(code) ? code : null, message: "" };
        return codeResult(response, reply, { success: "ok", codes }, context);
      },
      secrets: [],
      showsGroups: true,
    };
  },
);

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors */
const codes: CodeMeanings = new Map([
  ...messageCodes,
  ["invalid_payload", permanent("rejected", "Slack cannot read the message")],
  ["user_not_found", blocked("not_found", "the webhook's user does not exist")],
  ["channel_is_archived", blocked("gone", "the channel is archived")],
  ["no_service", blocked("gone", "the webhook was removed")],
  ["no_service_id", blocked("gone", "the webhook was removed")],
  ["no_active_hooks", blocked("gone", "the webhook is switched off")],
  ["no_team", blocked("gone", "the workspace does not exist")],
  ["team_disabled", blocked("gone", "the workspace is disabled")],
  ["user_is_deleted", blocked("gone", "the webhook's owner was removed")],
  ["invalid_token", blocked("unauthorized", "the webhook's URL is not valid")],
  ["action_prohibited", blocked("unauthorized", "an administrator forbids the webhook")],
  ["posting_to_general_channel_denied", blocked("unauthorized", "posting to this channel is restricted")],
  ["rollup_error", retry("server_error", "Slack could not process the message")],
]);
