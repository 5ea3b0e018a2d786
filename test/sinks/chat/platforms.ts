import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import * as v from "valibot";
import { sinkName } from "../../../lib/core/names.ts";
import type { Reply } from "../../../lib/simulator/receiver.ts";
import * as dingtalk from "../../../lib/sinks/dingtalk.ts";
import * as discord from "../../../lib/sinks/discord.ts";
import * as feishu from "../../../lib/sinks/feishu.ts";
import * as feishuapp from "../../../lib/sinks/feishuapp.ts";
import * as googlechat from "../../../lib/sinks/googlechat.ts";
import * as mattermost from "../../../lib/sinks/mattermost.ts";
import type { Sink, SinkDeps, SinkModule } from "../../../lib/sinks/sink.ts";
import * as slack from "../../../lib/sinks/slack.ts";
import * as slackapp from "../../../lib/sinks/slackapp.ts";
import * as teams from "../../../lib/sinks/teams.ts";
import * as telegram from "../../../lib/sinks/telegram.ts";
import * as wecom from "../../../lib/sinks/wecom.ts";
import { parseJson } from "../../../lib/text/json.ts";
import type { Gateway } from "../../contract/http.ts";
import { handle } from "../../harness/http.ts";
import { untilEnd } from "../../harness/servers.ts";
import { nowMs, sampleDeps } from "../sample.ts";

export const platformTypes = [
  "slack",
  "slackapp",
  "teams",
  "discord",
  "telegram",
  "feishu",
  "feishuapp",
  "dingtalk",
  "wecom",
  "googlechat",
  "mattermost",
] as const;
export type ChatType = (typeof platformTypes)[number];

const modules: Readonly<Record<ChatType, SinkModule>> = {
  slack,
  slackapp,
  teams,
  discord,
  telegram,
  feishu,
  feishuapp,
  dingtalk,
  wecom,
  googlechat,
  mattermost,
};

/** What opens each platform's door; nobody may see it. */
export const token = "a-token-that-nobody-may-see";
export const secret = "SECa-secret-that-nobody-may-see";

const paths: Readonly<Record<ChatType, string>> = {
  slack: `/services/T0/B0/${token}`,
  slackapp: "/api",
  teams: `/workflows/w/triggers/manual/paths/invoke?api-version=1&sig=${token}`,
  discord: `/api/webhooks/1/${token}`,
  telegram: "",
  feishu: `/open-apis/bot/v2/hook/${token}`,
  feishuapp: "/open-apis",
  dingtalk: `/robot/send?access_token=${token}`,
  wecom: `/cgi-bin/webhook/send?key=${token}`,
  googlechat: `/v1/spaces/AAAA/messages?key=k&token=${token}`,
  mattermost: `/hooks/${token}`,
};

export const telegramChat = "-1001234567890";

/** What each has beside its URL. */
export const own: Readonly<Partial<Record<ChatType, object>>> = {
  feishu: { secret },
  feishuapp: { app: "cli_1", secret, chat: "oc_1" },
  dingtalk: { secret },
  slackapp: { token: `xoxb-${token}`, channel: "#tasks" },
  telegram: { token: `1:${token}`, chat: telegramChat },
};

/** One request that a platform got. */
export interface Heard {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly url: URL;
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

export type ChatAnswering = (heard: Heard) => Reply;

export interface ChatTrial {
  readonly sink: Sink;
  readonly heard: readonly Heard[];
}

export const sinkAt = (
  type: ChatType,
  origin: string,
  options: object = {},
  deps: SinkDeps = sampleDeps,
): Sink => {
  const module = modules[type];
  const written = { url: `${origin}${paths[type]}`, allowPrivateNetwork: true, ...own[type], ...options };
  return module.create(sinkName("chat"), v.parse(module.schema, written), deps);
};

/** A sink and the platform it posts to, on loopback, which answers as the real one does unless told otherwise. */
export async function chatTrial(
  type: ChatType,
  options: object = {},
  answering: ChatAnswering = answers[type],
  deps: SinkDeps = sampleDeps,
  tokens: ChatAnswering = tenantToken,
  gateway: Gateway = async (origin) => origin,
): Promise<ChatTrial> {
  const heard: Heard[] = [];
  const { origin } = await handle((response, request, { method, headers: sent, path, body: text }) => {
    const url = new URL(path, "http://127.0.0.1");
    const isForToken = url.pathname.endsWith("/tenant_access_token/internal");
    const one = { method, headers: sent, url, text, number: heard.length + 1 };
    if (!isForToken) heard.push(one);
    const { status = 200, headers, body, hang, reset } = isForToken ? tokens(one) : answering(one);
    if (reset) request.socket.destroy();
    else if (!hang) response.writeHead(status, headers).end(body);
  });
  const sink = await untilEnd(sinkAt(type, await gateway(origin), options, deps));
  return { sink, heard };
}

export const slackChannel = "C0123456789";

export const json = (body: object, status = 200): Reply => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** How Feishu lets an app in. */
export const tenantToken: ChatAnswering = ({ text }) => {
  const { app_id, app_secret } = parsed(text) as { app_id?: string; app_secret?: string };
  return app_id === "cli_1" && app_secret === secret
    ? json({ code: 0, msg: "ok", tenant_access_token: `t-${token}`, expire: 7_200 })
    : json({ code: 10014, msg: "app secret invalid" });
};

const bytesOf = (text: string): number => Buffer.byteLength(text);
const hmac = (key: string, message: string): string =>
  createHmac("sha256", key).update(message).digest("base64");

/** Each platform's own checks, written apart from the sinks. */
export const answers: Readonly<Record<ChatType, ChatAnswering>> = {
  slack({ text }) {
    const { attachments } = parsed(text) as { attachments?: readonly { blocks: readonly SlackBlock[] }[] };
    const blocks = attachments?.flatMap((attachment) => attachment.blocks) ?? [];
    if (blocks.length === 0) return { status: 400, body: "no_text" };
    if (JSON.stringify(blocks).length > 13_200) return { status: 400, body: "msg_blocks_too_long" };
    const isRight = blocks.every(
      (block) =>
        (block.type !== "header" || (block.text?.text.length ?? 0) <= 150) &&
        (block.text?.text.length ?? 1) > 0 &&
        (block.text?.text.length ?? 1) <= 3_000 &&
        ["header", "rich_text", "actions", "context"].includes(block.type) &&
        (block.type !== "actions" || (block.elements?.length ?? 0) <= 5) &&
        (block.elements ?? []).every(
          ({ type, url = "", text }) =>
            type !== "button" || (url.length <= 3_000 && JSON.stringify(text).length <= 200),
        ),
    );
    return isRight && blocks.length <= 50 ? { body: "ok" } : { status: 400, body: "invalid_blocks" };
  },
  slackapp(heard) {
    const { url, headers, text } = heard;
    const said = (error: string) => json({ ok: false, error });
    if (headers.authorization !== `Bearer xoxb-${token}`) return said("invalid_auth");
    const { channel = "" } = parsed(text) as { channel?: string };
    // An edit takes ids only.
    const isKnown =
      channel === slackChannel || (channel === "#tasks" && url.pathname.endsWith("postMessage"));
    if (!isKnown) return said("channel_not_found");
    const { status, body = "" } = answers.slack(heard);
    return status === 400 ? said(body) : json({ ok: true, channel: slackChannel, ts: "1767225612.000100" });
  },
  teams: ({ text }) =>
    bytesOf(text) <= 28_672
      ? { status: 202 }
      : json({ error: { code: "RequestEntityTooLarge", message: "too large" } }, 413),
  discord({ method, url, text }) {
    if (method === "POST" && url.searchParams.get("wait") !== "true") return { status: 204 };
    const { embeds = [] } = parsed(text) as { embeds?: readonly DiscordEmbed[] };
    const isRight = embeds.every(
      ({ title, description, fields, footer }) =>
        title.length <= 256 &&
        description.length <= 4_096 &&
        fields.length <= 25 &&
        fields.every(({ name, value }) => inRange(name, 256) && inRange(value, 1_024)) &&
        [title, description, footer?.text ?? "", ...fields.flatMap(({ name, value }) => [name, value])].join(
          "",
        ).length <= 6_000,
    );
    return isRight && embeds.length > 0
      ? json({ id: "1", type: 0, content: "", embeds: [] })
      : json({ message: "Invalid Form Body", code: 50035, errors: {} }, 400);
  },
  telegram({ url, text }) {
    const refused = (code: number, description: string) =>
      json({ ok: false, error_code: code, description: `Bad Request: ${description}` }, code);
    if (!url.pathname.startsWith(`/bot1:${token}/`)) return refused(404, "Not Found");
    const { chat_id: chat, text: message = "", parse_mode } = parsed(text) as TelegramMessage;
    if (String(chat) !== telegramChat) return refused(400, "chat not found");
    const bare = message.replace(/<\/?(b|i|code)>|<a href="[^"<>]*">|<\/a>/g, "");
    if (parse_mode !== "HTML" || /[<>]|&(?!(amp|lt|gt|quot);)/.test(bare))
      return refused(400, "can't parse entities: unsupported start tag");
    if (bare.trim() === "") return refused(400, "message text is empty");
    if (bare.replace(/&\w+;/g, "x").length > 4_096) return refused(400, "message is too long");
    return json({ ok: true, result: { message_id: 1, chat: { id: Number(chat) }, text: bare } });
  },
  feishu({ text }) {
    const { timestamp, sign } = parsed(text) as { timestamp?: string; sign?: string };
    const isSigned = sign === hmac(`${timestamp}\n${secret}`, "");
    if (!isSigned || Math.abs(Number(timestamp) - nowMs / 1_000) > 3_600) {
      return json({ code: 19021, msg: "sign match fail or timestamp is not within one hour", data: {} });
    }
    return bytesOf(text) <= 20_480
      ? json({ StatusCode: 0, StatusMessage: "success", code: 0, data: {}, msg: "success" })
      : json({ code: 9499, msg: "Bad Request", data: {} });
  },
  feishuapp({ headers, url, text }) {
    const said = (code: number, msg: string) => json({ code, msg }, 400);
    if (headers.authorization !== `Bearer t-${token}`) return said(99991663, "Invalid access token");
    const { content = "", msg_type, receive_id } = parsed(text) as FeishuMessage;
    const isPost = url.searchParams.get("receive_id_type") === "chat_id";
    if (isPost && receive_id !== "oc_1") return said(230002, "The bot can not be outside the group.");
    if (bytesOf(text) > 30_720) return said(230025, "The length of the message content reaches its limit.");
    const card = parsed(content) as { schema?: string; config?: { update_multi?: boolean } };
    const isRight = card.schema === "2.0" && card.config?.update_multi === true;
    if (!isRight || (isPost && msg_type !== "interactive"))
      return said(230099, "Failed to create card content");
    return json({ code: 0, msg: "success", data: { message_id: "om_1" } });
  },
  dingtalk({ url, text, number }) {
    const timestamp = url.searchParams.get("timestamp") ?? "";
    const isSigned = url.searchParams.get("sign") === hmac(secret, `${timestamp}\n${secret}`);
    if (!isSigned || Math.abs(Number(timestamp) - nowMs) > 3_600_000) {
      return json({ errcode: 310000, errmsg: "sign not match, more: [https://ding-doc.dingtalk.com/doc]" });
    }
    if (number > 20) return json({ errcode: 130101, errmsg: "send too fast, exceed 20 times per minute" });
    return bytesOf(text) <= 20_000
      ? json({ errcode: 0, errmsg: "ok" })
      : json({ errcode: 40035, errmsg: "缺少参数 json" });
  },
  wecom({ text, number }) {
    const { markdown } = parsed(text) as { markdown?: { content: string } };
    if (number > 20) return json({ errcode: 45009, errmsg: "api freq out of limit, hint: [1700000000]" });
    return markdown && bytesOf(markdown.content) <= 4_096
      ? json({ errcode: 0, errmsg: "ok" })
      : json({ errcode: 40058, errmsg: "markdown.content exceed max length 4096" });
  },
  googlechat({ url, text, number }) {
    const { cardsV2, thread } = parsed(text) as { cardsV2?: readonly GoogleCard[]; thread?: GoogleThread };
    const isRight = (cardsV2 ?? []).every(
      ({ card: { header, sections } }) =>
        header.title.length > 0 &&
        sections.every(({ widgets }) => widgets.length > 0 && widgets.length <= 100),
    );
    if (!isRight || !cardsV2 || bytesOf(text) > 32_000 || (thread?.threadKey.length ?? 0) > 4_000) {
      return json({ error: { code: 400, message: "Invalid JSON payload", status: "INVALID_ARGUMENT" } }, 400);
    }
    // The default option ignores the key; a request id that is known makes no message.
    const isThreaded = url.searchParams.get("messageReplyOption") === "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD";
    const message = url.searchParams.get("requestId") ?? String(number);
    const key = isThreaded ? (thread?.threadKey ?? message) : message;
    return json({ name: `spaces/AAAA/messages/${message}`, thread: { name: `spaces/AAAA/threads/${key}` } });
  },
  mattermost({ text }) {
    const { attachments = [] } = parsed(text) as { attachments?: readonly MattermostAttachment[] };
    const refusal = (id: string) =>
      json({ id: `web.incoming_webhook.${id}.app_error`, message: "no", status_code: 400 }, 400);
    if (attachments.length === 0) return refusal("text");
    if (!attachments.every(({ fields }) => Array.isArray(fields))) return refusal("decode");
    return text.length <= 16_383 ? { body: "ok" } : refusal("split_props_length");
  },
};

const parsed = (text: string): object => {
  const value = parseJson(text);
  return typeof value === "object" && value !== null ? value : {};
};
const inRange = (text: string, most: number): boolean => text.length > 0 && text.length <= most;

interface FeishuMessage {
  readonly receive_id?: string;
  readonly msg_type?: string;
  readonly content?: string;
}

interface TelegramMessage {
  readonly chat_id: string | number;
  readonly text?: string;
  readonly parse_mode?: string;
}

interface SlackBlock {
  readonly type: string;
  readonly text?: { readonly text: string };
  readonly elements?: readonly { readonly type: string; readonly url?: string; readonly text?: unknown }[];
}

interface DiscordEmbed {
  readonly title: string;
  readonly description: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly footer?: { readonly text: string };
}

interface GoogleCard {
  readonly card: {
    readonly header: { readonly title: string };
    readonly sections: readonly { readonly widgets: readonly object[] }[];
  };
}

interface GoogleThread {
  readonly threadKey: string;
}

interface MattermostAttachment {
  readonly fields: unknown;
}
