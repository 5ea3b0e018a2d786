import { createHash } from "node:crypto";
import type { DeliveryResult, Refusal } from "../core/result.ts";
import { described, filledText } from "../options/fields.ts";
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
import { feishuCard, hasRoom } from "./chat/feishu-card.ts";
import { fitted } from "./chat/fit.ts";
import { modeEntry } from "./chat/living.ts";
import { livingModule } from "./chat/module.ts";
import { apiResource, apiUrl, chatEntries } from "./chat/options.ts";
import { utf8Bytes } from "./chat/sanitize.ts";
import { TenantToken } from "./chat/tenant-token.ts";
import { words } from "./chat/text.ts";
import type { ResponseContext, SinkResponse } from "./http/response.ts";
import { urlSchema } from "./http/url-schema.ts";

/** Posts one card per task as an app of Feishu or Lark, and replaces it or replies to it. */
export const { schema, create } = livingModule(
  urlSchema({
    ...chatEntries,
    url: apiUrl("https://open.feishu.cn/open-apis"),
    app: described(filledText("an app's id such as cli_a1b2c3"), "The app's id (`cli_…`)."),
    secret: described(filledText("the app's secret"), "The app's secret."),
    chat: described(
      filledText("a group's id such as oc_a1b2c3"),
      "Id of the group (`oc_…`); the bot must be in it.",
    ),
    mode: modeEntry(["update", "thread", "post"], "update"),
  }),
  (options, deps) => {
    const { app, secret, chat, mode, language, url } = options;
    const secrets = [secret];
    const { origin } = new URL(url);
    const token = new TenantToken({
      url,
      app,
      secret,
      clock: deps.clock,
      refused: (response) => withoutToken(response, { origin, secrets, nowMs: deps.clock.now() }),
    });
    const request = (path: string, form: object) => ({
      url: apiResource(url, path),
      body: JSON.stringify(form),
      waitHeader: "x-ogw-ratelimit-reset",
    });
    const content = (card: Card): string =>
      fitted(card, words[language], (form) => JSON.stringify(feishuCard(form)), isSmall);
    const message = (card: Card, uuid: string) => ({ msg_type: "interactive", content: content(card), uuid });

    return {
      authorize: async (exchange) => {
        const given = await token.get(exchange);
        if (typeof given !== "string") return given;
        secrets[1] = given;
        return { authorization: `Bearer ${given}` };
      },
      asksAgain({ body }) {
        const isStale = staleToken.has(codeIn(body) ?? "");
        if (isStale) token.forget();
        return isStale;
      },
      post: (card, { key }) =>
        request("im/v1/messages?receive_id_type=chat_id", {
          receive_id: chat,
          ...message(card, uuidOf("post", key)),
        }),
      edit: (card, id) => ({
        ...request(`im/v1/messages/${encodeURIComponent(id)}`, { content: content(card) }),
        method: "PATCH",
      }),
      // Mode `thread` replies in a thread; below an edited message a reply shows in the group.
      reply: (card, id, { key }) =>
        request(`im/v1/messages/${encodeURIComponent(id)}/reply`, {
          ...message(card, uuidOf("reply", key)),
          reply_in_thread: mode === "thread",
        }),
      toResult(response, context) {
        const result = feishuAppResult(response, context);
        const id = textOf(fieldsOf(fieldsOf(parseJson(response.body))["data"])["message_id"]);
        return result.kind === "accepted" ? { ...result, message: id } : result;
      },
      isGone: ({ body }) => gone.has(codeIn(body) ?? ""),
      secrets,
    };
  },
);

const success = "0";
const codeIn = (body: string): string | null => codeOf(fieldsOf(parseJson(body))["code"]);

function feishuAppResult(response: SinkResponse, context: ResponseContext): DeliveryResult {
  const message = textOf(fieldsOf(parseJson(response.body))["msg"]);
  const said = codeIn(response.body);
  const code = said === invalidField && /content|card/i.test(message) ? invalidContent : said;
  return codeResult(response, { code, message }, { success, codes }, context);
}

function withoutToken(response: SinkResponse, context: ResponseContext): Refusal {
  const result = feishuAppResult(response, context);
  if (result.kind !== "accepted") return result;
  const detail = `HTTP ${response.status} from ${context.origin}: the response holds no token`;
  return { kind: "retry", reason: "server_error", detail, status: response.status };
}

/** Idempotency key: Feishu makes at most one message per key and hour. At most 50 characters. */
const uuidOf = (purpose: "post" | "reply", key: string): string =>
  createHash("sha256").update(`${purpose}\n${key}`).digest("hex").slice(0, 40);

// A request holds 30 KB, and the card is escaped text inside it.
const maxContentBytes = 28_000;
const isSmall = (content: string): boolean =>
  hasRoom(content) && utf8Bytes(JSON.stringify(content)) <= maxContentBytes;

const staleToken: ReadonlySet<string> = new Set(["99991661", "99991663", "99991668", "99991677"]);

/** Another bot's message, recalled, older than 14 days, not visible, deleted, not found. */
const gone: ReadonlySet<string> = new Set(["230012", "230011", "230031", "230050", "230110", "231003"]);

const invalidField = "230001";
const invalidContent = "230001 of the content";

/**
 * https://open.feishu.cn/document/server-docs/im-v1/message/create, its `reply` and `patch` pages, and
 * https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code
 */
const codes: CodeMeanings = new Map([
  ["10003", blocked("unauthorized", "the app's id or secret is not valid")],
  ["10014", blocked("unauthorized", "the app's secret is not valid")],
  ["99991661", blocked("unauthorized", "Feishu does not take the app's token")],
  ["99991663", blocked("unauthorized", "Feishu does not take the app's token")],
  ["99991668", blocked("unauthorized", "Feishu does not take the app's token")],
  ["99991677", blocked("unauthorized", "Feishu does not take the app's token")],
  ["99991672", blocked("unauthorized", "the app lacks the permission im:message:send_as_bot")],
  ["99991400", retry("throttled", "too many requests", 30_000)],
  ["11232", retry("throttled", "too many messages; full and half hours are the worst", 30_000)],
  ["230020", retry("throttled", "too many messages in the group", 1_000)],
  ["99991401", blocked("unauthorized", "this address is not on the app's list")],
  ["99991403", blocked("throttled", "the company has used up its calls of this month")],
  ["99991662", blocked("gone", "the app is switched off")],
  ["99991673", blocked("gone", "the app is not installed, or was removed")],
  [invalidField, blocked("not_found", "Feishu finds a field wrong that is not the card's: look at `chat`")],
  [invalidContent, permanent("rejected", "Feishu cannot read the message")],
  ["230022", permanent("rejected", "Feishu finds the message's text unfit")],
  ["230025", permanent("too_large", "the message is too long")],
  ["230028", permanent("rejected", "the company's audit does not let the message pass")],
  ["230099", permanent("rejected", "Feishu cannot make the card")],
  ["230049", retry("server_error", "the message is on its way already")],
  ["230034", blocked("not_found", "the group's id is not valid")],
  ["230036", blocked("unauthorized", "the company has removed its key")],
  ["230038", blocked("unauthorized", "the group is another company's")],
  ["230002", blocked("unauthorized", "the bot is not in the group")],
  ["230006", blocked("unauthorized", "the app has no bot: switch it on and publish a version")],
  ["230018", blocked("unauthorized", "the bot may not speak in the group")],
  ["230027", blocked("unauthorized", "the app lacks a permission")],
  ["230035", blocked("unauthorized", "the bot may not send to the group")],
  ["230045", blocked("gone", "the group does not exist any more")],
  ["232009", blocked("gone", "the group does not exist any more")],
]);
