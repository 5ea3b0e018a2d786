import * as v from "valibot";
import { described, wholeNumber } from "../options/fields.ts";
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
import { modeEntry } from "./chat/living.ts";
import { livingModule } from "./chat/module.ts";
import { apiResource, apiUrl, chatEntries } from "./chat/options.ts";
import { telegramText } from "./chat/telegram-text.ts";
import type { SinkResponse } from "./http/response.ts";
import { urlSchema } from "./http/url-schema.ts";

const tokenExpectation = "a bot's token such as 123456:ABC-DEF";
const chatExpectation = 'a chat\'s id in quotes such as "-1001234567890", or a public @channel';
const maxTopic = 2_147_483_647;
/** Sends one message per task as a Telegram bot, and edits it or replies to it. Only urgent messages make a sound. */
export const { schema, create } = livingModule(
  urlSchema({
    ...chatEntries,
    url: apiUrl("https://api.telegram.org"),
    token: described(
      v.pipe(v.string(tokenExpectation), v.regex(/^\d+:[\w-]+$/, tokenExpectation)),
      "The bot's token, from @BotFather.",
    ),
    chat: described(
      v.pipe(v.string(chatExpectation), v.regex(/^(-?\d{1,20}|@\w{3,64})$/, chatExpectation)),
      'The chat\'s id in quotes, such as `"-1001234567890"`, or a public `@channel`.',
    ),
    topic: v.optional(
      described(wholeNumber(1, maxTopic), "The message_thread_id of a topic, in a group with topics."),
    ),
    mode: modeEntry(["update", "thread", "post"], "update"),
  }),
  (options, deps, name) => {
    const { token, topic, language } = options;
    let { chat } = options;
    const request = (method: string, card: Card, place: object) => {
      const form = { parse_mode: "HTML", link_preview_options: { is_disabled: true } };
      return {
        url: apiResource(options.url, `bot${token}/${method}`),
        body: JSON.stringify({ ...place, text: telegramText(card, language), ...form }),
      };
    };
    const posting = (isUrgent: boolean) => ({
      disable_notification: !isUrgent,
      ...(topic === undefined ? {} : { message_thread_id: topic }),
    });
    return {
      post: (card, { isUrgent }) => request("sendMessage", card, { chat_id: chat, ...posting(isUrgent) }),
      edit: (card, message) => request("editMessageText", card, placeOf(message)),
      reply(card, message, { isUrgent }) {
        const { chat_id, message_id } = placeOf(message);
        const place = { chat_id, reply_parameters: { message_id }, ...posting(isUrgent) };
        return request("sendMessage", card, place);
      },
      toResult(response, context) {
        const { code, message, result, retryAfter } = saidIn(response);
        if (code === unchanged) return { kind: "accepted" };
        const outcome = codeResult(
          { ...response, retryAfter },
          { code, message },
          { success, codes },
          context,
        );
        const place = placeIn(result);
        return outcome.kind === "accepted" && place !== null ? { ...outcome, message: place } : outcome;
      },
      isGone: (response) => gone.has(saidIn(response).code ?? ""),
      asksAgain(response) {
        const { movedTo } = saidIn(response);
        if (movedTo === null || movedTo === chat) return false;
        chat = movedTo;
        deps.log("warn", "the Telegram group has a new id; update the configuration", {
          sink: name,
          chat,
        });
        return true;
      },
      secrets: [token],
    };
  },
);

const success = "ok";
const unchanged = "message is not modified";

interface Said {
  /** `ok`, a known phrase of the description, or Telegram's error code. */
  readonly code: string | null;
  readonly message: string;
  readonly result: unknown;
  readonly retryAfter: string | null;
  /** The new id of a group that became a supergroup. */
  readonly movedTo: string | null;
}

/** Telegram's error code only repeats the HTTP status; the description distinguishes errors. */
function saidIn({ body, retryAfter }: SinkResponse): Said {
  const { ok, error_code: number, description, parameters, result } = fieldsOf(parseJson(body));
  const message = textOf(description);
  const { retry_after: seconds, migrate_to_chat_id: movedTo } = fieldsOf(parameters);
  const phrase = phrases.find((known) => message.toLowerCase().includes(known));
  return {
    code: ok === true ? success : (phrase ?? codeOf(number)),
    message,
    result,
    retryAfter: typeof seconds === "number" ? String(seconds) : retryAfter,
    movedTo: codeOf(movedTo),
  };
}

/** Reference to the message in a response; null when there is none. */
function placeIn(result: unknown): string | null {
  const { message_id, chat } = fieldsOf(result);
  const id = codeOf(fieldsOf(chat)["id"]);
  return id === null || codeOf(message_id) === null ? null : `${id} ${message_id}`;
}

function placeOf(message: string): { readonly chat_id: string; readonly message_id: number } {
  const [chat = "", id = ""] = message.split(" ");
  return { chat_id: chat, message_id: Number(id) };
}

const gone: ReadonlySet<string> = new Set([
  "message to edit not found",
  "message can't be edited",
  "message_id_invalid",
  "message to be replied not found",
  "reply message not found",
  "message_edit_time_expired",
  "message_author_required",
  "message to reply not found",
  "group chat was upgraded",
]);

/**
 * Telegram documents no error list. These phrases come from its server's source and from users' reports:
 * https://github.com/tdlib/telegram-bot-api and https://core.telegram.org/method/messages.sendMessage
 */
const codes: CodeMeanings = new Map([
  ["message is too long", permanent("too_large", "the message is too long")],
  ["can't parse entities", permanent("rejected", "Telegram cannot read the message")],
  ["message_too_long", permanent("too_large", "the message is too long")],
  ["entities_too_long", permanent("too_large", "the message has too many marks")],
  ["entity_bounds_invalid", permanent("rejected", "Telegram cannot read the message")],
  ["must be encoded in utf-8", permanent("rejected", "Telegram cannot read the message")],
  ["text is empty", permanent("rejected", "Telegram found no text in the message")],
  ["text must be non-empty", permanent("rejected", "Telegram found no text in the message")],
  ["message_empty", permanent("rejected", "Telegram found no text in the message")],
  ["chat not found", blocked("not_found", "the chat does not exist, or the bot has no access to it")],
  ["message thread not found", blocked("not_found", "the topic does not exist")],
  ["topic_closed", blocked("gone", "the topic is closed")],
  ["topic_deleted", blocked("gone", "the topic was deleted")],
  ["topic_id_invalid", blocked("not_found", "the topic does not exist")],
  ["peer_id_invalid", blocked("not_found", "the chat does not exist, or the bot has no access to it")],
  ["channel_invalid", blocked("not_found", "the channel does not exist, or the bot has no access to it")],
  ["channel_private", blocked("unauthorized", "the bot has no access to the channel")],
  ["chat was deactivated", blocked("gone", "the group was removed")],
  ["rights to send", blocked("unauthorized", "the bot may not send to the chat")],
  ["administrator rights", blocked("unauthorized", "the bot must be an administrator of the chat")],
  ["chat_admin_required", blocked("unauthorized", "the bot must be an administrator of the chat")],
  ["chat_write_forbidden", blocked("unauthorized", "the bot may not send to the chat")],
  ["chat_send_plain_forbidden", blocked("unauthorized", "the chat takes no texts from the bot")],
  ["chat_restricted", blocked("unauthorized", "the chat takes nothing from the bot")],
  ["payment_required", blocked("unauthorized", "the chat wants Stars for each message")],
  ["can't initiate conversation", blocked("unauthorized", "the user must write to the bot first")],
  ["bots can't send messages to bots", blocked("not_found", "the chat is a bot")],
  ["bot was blocked", blocked("unauthorized", "the user blocked the bot")],
  ["user_is_blocked", blocked("unauthorized", "the user blocked the bot")],
  ["bot was kicked", blocked("unauthorized", "the bot was removed from the chat")],
  ["bot is not a member", blocked("unauthorized", "the bot is not in the chat")],
  ["user is deactivated", blocked("gone", "the user's account was removed")],
  ["input_user_deactivated", blocked("gone", "the user's account was removed")],
  ["slowmode_wait", retry("throttled", "the chat is in slow mode")],
  ["unauthorized", blocked("unauthorized", "the token is not valid")],
]);

const phrases: readonly string[] = [unchanged, ...gone, ...codes.keys()];
