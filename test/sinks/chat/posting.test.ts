import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { CloudEvent } from "../../../lib/change/event.ts";
import type { DeliveryResult } from "../../../lib/core/result.ts";
import { signedUrl } from "../../../lib/sinks/dingtalk.ts";
import { signed } from "../../../lib/sinks/feishu.ts";
import { running, sampleEvents } from "../sample.ts";
import { type ChatType, chatTrial, platformTypes, sinkAt, token } from "./platforms.ts";
import { eventOf } from "./sample.ts";

const vectors = JSON.parse(
  await readFile(new URL("../../fixtures/sink-signing-vectors.json", import.meta.url), "utf8"),
) as {
  readonly feishu: { readonly vectors: readonly FeishuVector[] };
  readonly dingtalk: { readonly vectors: readonly DingtalkVector[] };
};

interface FeishuVector {
  readonly name: string;
  readonly secret: string;
  readonly timestamp: number;
  readonly bodyFields: object;
}

interface DingtalkVector {
  readonly name: string;
  readonly secret: string;
  readonly timestamp: number;
  readonly query: string;
}

const kinds = (results: readonly DeliveryResult[]): readonly string[] =>
  results.map((result) => (result.kind === "accepted" ? result.kind : `${result.kind} ${result.reason}`));

/** Every status that a server or a gateway may send, and the borders of each hundred. */
const statuses = [
  ...[300, 301, 302, 303, 304, 307, 308, 399, 451, 494, 495, 498, 499],
  ...Array.from({ length: 32 }, (_, index) => 400 + index),
  ...Array.from({ length: 30 }, (_, index) => 500 + index),
  ...[598, 599],
];

describe("signatures", () => {
  it.each(vectors.feishu.vectors)("of Feishu: $name", ({ secret, timestamp, bodyFields }) => {
    expect(signed(secret, timestamp)).toEqual(bodyFields);
  });

  it.each(vectors.dingtalk.vectors)("of DingTalk: $name", ({ secret, timestamp, query }) => {
    const url = new URL("https://oapi.dingtalk.com/robot/send?access_token=x");
    expect(signedUrl(url, secret, timestamp).search).toBe(`?access_token=x&${query}`);
  });

  it("are left out without a secret", async () => {
    const feishu = await chatTrial("feishu", { secret: undefined }, () => ({ body: '{"code":0}' }));
    await feishu.sink.deliver(sampleEvents(1), running());
    expect(Object.keys(JSON.parse(feishu.heard[0]?.text ?? ""))).toEqual(["msg_type", "card"]);
    const dingtalk = await chatTrial("dingtalk", { secret: undefined }, () => ({ body: '{"errcode":0}' }));
    await dingtalk.sink.deliver(sampleEvents(1), running());
    expect([...(dingtalk.heard[0]?.url.searchParams.keys() ?? [])]).toEqual(["access_token"]);
  });

  it("with a wrong secret block the sink", async () => {
    const feishu = await chatTrial("feishu", { secret: "another" });
    expect(kinds(await feishu.sink.deliver(sampleEvents(1), running()))).toEqual(["blocked unauthorized"]);
    const dingtalk = await chatTrial("dingtalk", { secret: "SECanother" });
    expect(kinds(await dingtalk.sink.deliver(sampleEvents(1), running()))).toEqual(["blocked unauthorized"]);
  });
});

const tg = (code: number, description: string) => ({ ok: false, error_code: code, description });

const coded = (body: object) => JSON.stringify(body);
const googleError = (status: string, message: string) => coded({ error: { status, message } });
const mattermostError = (id: string) => coded({ id: `web.incoming_webhook.${id}.app_error`, message: "no" });

const formError = (errors: object) => coded({ message: "Invalid Form Body", code: 50035, errors });

/** What Telegram says with a 400 of the chat, not of the message. */
const telegramPlaces: readonly (readonly [string, string])[] = [
  ["TOPIC_DELETED", "gone"],
  ["TOPIC_CLOSED", "gone"],
  ["TOPIC_ID_INVALID", "not_found"],
  ["PEER_ID_INVALID", "not_found"],
  ["CHANNEL_INVALID", "not_found"],
  ["CHANNEL_PRIVATE", "unauthorized"],
  ["CHAT_WRITE_FORBIDDEN", "unauthorized"],
  ["CHAT_ADMIN_REQUIRED", "unauthorized"],
  ["CHAT_SEND_PLAIN_FORBIDDEN", "unauthorized"],
  ["CHAT_RESTRICTED", "unauthorized"],
  ["not enough rights to send text messages to the chat", "unauthorized"],
  ["have no rights to send a message", "unauthorized"],
  ["need administrator rights in the channel chat", "unauthorized"],
  ["group chat was deactivated", "gone"],
  ["bot can't initiate conversation with a user", "unauthorized"],
  ["USER_IS_BLOCKED", "unauthorized"],
  ["INPUT_USER_DEACTIVATED", "gone"],
  ["ALLOW_PAYMENT_REQUIRED_10", "unauthorized"],
];

/** Platform, status, body, and what it comes to. */
const verdicts: readonly (readonly [ChatType, number, string, string, number?])[] = [
  ["slack", 200, "ok", "accepted"],
  ["slack", 200, "ok\n", "accepted"],
  ["slack", 200, "no_service", "blocked gone"],
  ["slack", 200, "something_new", "blocked rejected"],
  ["slack", 200, "<html>sign in</html>", "blocked not_found", 600_000],
  ["slack", 200, "", "blocked not_found", 600_000],
  ["slack", 400, "invalid_payload", "permanent rejected"],
  ["slack", 400, "invalid_attachments", "permanent rejected"],
  ["slack", 403, "restricted_action_read_only_channel", "blocked unauthorized"],
  ["slack", 400, "user_not_found", "blocked not_found"],
  ["slack", 403, "action_prohibited", "blocked unauthorized"],
  ["slack", 404, "channel_not_found", "blocked not_found"],
  ["slack", 410, "channel_is_archived", "blocked gone"],
  ["slack", 500, "rollup_error", "retry server_error"],
  ["slack", 429, "rate_limited", "retry throttled", 1_000],
  ["slackapp", 200, coded({ ok: true, channel: "C1", ts: "1.2" }), "accepted"],
  ["slackapp", 200, coded({ ok: false, error: "invalid_blocks" }), "permanent rejected"],
  ["slackapp", 200, coded({ ok: false, error: "msg_too_long" }), "permanent too_large"],
  ["slackapp", 200, coded({ ok: false, error: "not_in_channel" }), "blocked unauthorized"],
  ["slackapp", 200, coded({ ok: false, error: "is_archived" }), "blocked gone"],
  ["slackapp", 200, coded({ ok: false, error: "token_revoked" }), "blocked unauthorized"],
  [
    "slackapp",
    200,
    coded({ ok: false, error: "missing_scope", needed: "chat:write" }),
    "blocked unauthorized",
  ],
  ["slackapp", 200, coded({ ok: false, error: "message_limit_exceeded" }), "blocked throttled"],
  ["slackapp", 200, coded({ ok: false, error: "restricted_action_thread_locked" }), "blocked unauthorized"],
  ["slackapp", 200, coded({ ok: false, error: "attachment_payload_limit_exceeded" }), "permanent too_large"],
  ["slackapp", 200, coded({ ok: false, error: "internal_error" }), "retry server_error"],
  ["slackapp", 429, coded({ ok: false, error: "ratelimited" }), "retry throttled", 1_000],
  ["slackapp", 200, coded({ ok: false, error: "something_new" }), "blocked rejected"],
  ["slackapp", 200, "<html>proxy</html>", "blocked not_found", 600_000],
  ["teams", 202, "", "accepted"],
  ["teams", 200, "1", "blocked not_found", 600_000],
  ["teams", 200, "Webhook message delivery failed with error: HTTP error 429", "blocked not_found", 600_000],
  ["teams", 200, "", "blocked not_found", 600_000],
  ["teams", 204, "", "blocked not_found", 600_000],
  ["teams", 400, coded({ error: { code: "WorkflowTriggerIsNotEnabled", message: "off" } }), "blocked gone"],
  ["teams", 401, coded({ error: { code: "DirectApiAuthorizationRequired" } }), "blocked unauthorized"],
  ["teams", 400, coded({ error: { code: "TriggerInputSchemaMismatch" } }), "blocked rejected"],
  ["teams", 200, coded({ error: { code: "SomethingNew" } }), "blocked rejected"],
  ["teams", 413, "", "permanent too_large"],
  ["teams", 429, "", "retry throttled"],
  ["discord", 200, coded({ id: "1" }), "accepted"],
  ["discord", 204, "", "blocked not_found", 600_000],
  ["discord", 429, coded({ message: "limited", retry_after: 1.5, global: false }), "retry throttled", 1_500],
  ["discord", 404, coded({ message: "Unknown Webhook", code: 10015 }), "blocked gone"],
  ["discord", 401, coded({ message: "Invalid Webhook Token", code: 50027 }), "blocked unauthorized"],
  ["discord", 400, coded({ message: "Invalid Form Body", code: 50035 }), "permanent rejected"],
  ["discord", 400, formError({ embeds: { 0: {} } }), "permanent rejected"],
  ["discord", 400, formError({ thread_id: { _errors: [] } }), "blocked not_found"],
  ["discord", 400, coded({ message: "Message blocked by AutoMod", code: 200000 }), "permanent rejected"],
  ["discord", 413, coded({ message: "too large", code: 40005 }), "permanent too_large"],
  ["discord", 403, coded({ message: "Missing Permissions", code: 50013 }), "blocked unauthorized"],
  ["discord", 400, coded({ message: "locked", code: 160005 }), "blocked gone"],
  ["discord", 400, coded({ message: "slow mode", code: 20016 }), "retry throttled"],
  ["discord", 400, coded({ message: "something new", code: 99999 }), "blocked rejected"],
  ["discord", 400, coded({ message: "forum", code: 220001 }), "blocked rejected"],
  ["telegram", 200, coded({ ok: true, result: { message_id: 1, chat: { id: 2 } } }), "accepted"],
  ["telegram", 400, coded(tg(400, "Bad Request: message is not modified: same")), "accepted"],
  ["telegram", 400, coded(tg(400, "Bad Request: chat not found")), "blocked not_found"],
  ["telegram", 400, coded(tg(400, "Bad Request: message thread not found")), "blocked not_found"],
  ...telegramPlaces.map(
    ([said, reason]) =>
      ["telegram", 400, coded(tg(400, `Bad Request: ${said}`)), `blocked ${reason}`] as const,
  ),
  ["telegram", 400, coded(tg(400, "Bad Request: MESSAGE_TOO_LONG")), "permanent too_large"],
  ["telegram", 400, coded(tg(400, "Bad Request: ENTITIES_TOO_LONG")), "permanent too_large"],
  ["telegram", 400, coded(tg(400, "Bad Request: SLOWMODE_WAIT_30")), "retry throttled"],
  ["telegram", 400, coded(tg(400, "Bad Request: message is too long")), "permanent too_large"],
  ["telegram", 400, coded(tg(400, "Bad Request: can't parse entities: x")), "permanent rejected"],
  ["telegram", 400, coded(tg(400, "Bad Request: something new")), "blocked rejected"],
  ["telegram", 401, coded(tg(401, "Unauthorized")), "blocked unauthorized"],
  ["telegram", 403, coded(tg(403, "Forbidden: bot was blocked by the user")), "blocked unauthorized"],
  ["telegram", 403, coded(tg(403, "Forbidden: something new")), "blocked unauthorized"],
  ["telegram", 404, coded(tg(404, "Not Found")), "blocked not_found"],
  [
    "telegram",
    429,
    coded({ ...tg(429, "Too Many Requests"), parameters: { retry_after: 8 } }),
    "retry throttled",
    8_000,
  ],
  ["telegram", 502, coded(tg(502, "Bad Gateway")), "retry server_error"],
  ["telegram", 200, "{}", "blocked not_found", 600_000],
  ["feishu", 200, coded({ code: 0, msg: "success" }), "accepted"],
  ["feishu", 200, coded({ StatusCode: 0, StatusMessage: "success" }), "accepted"],
  ["feishu", 200, coded({ code: 11232, msg: "frequency limited" }), "retry throttled", 30_000],
  ["feishu", 400, coded({ code: 99991400, msg: "limited" }), "retry throttled", 30_000],
  ["feishu", 200, coded({ code: 9499, msg: "Bad Request" }), "permanent rejected"],
  ["feishu", 200, coded({ code: 11246, msg: "card" }), "permanent rejected"],
  ["feishu", 200, coded({ code: 19007, msg: "Bot Not Enabled" }), "blocked gone"],
  ["feishu", 200, coded({ code: 19001, msg: "param invalid" }), "blocked unauthorized"],
  ["feishu", 200, coded({ code: 19021, msg: "sign match fail" }), "blocked unauthorized"],
  ["feishu", 200, coded({ code: 19022, msg: "Ip Not Allowed" }), "blocked unauthorized"],
  ["feishu", 200, coded({ code: 19024, msg: "Key Words Not Found" }), "blocked unauthorized"],
  ["feishu", 200, coded({ code: 12345, msg: "new" }), "blocked rejected"],
  ["feishu", 200, "{}", "blocked not_found", 600_000],
  ["feishu", 503, "", "retry server_error"],
  ["feishuapp", 200, coded({ code: 0, data: { message_id: "om_1" } }), "accepted"],
  ["feishuapp", 400, coded({ code: 230001, msg: "invalid, ext=invalid receive_id." }), "blocked not_found"],
  [
    "feishuapp",
    400,
    coded({ code: 230001, msg: "invalid, ext=content is not in JSON." }),
    "permanent rejected",
  ],
  ["feishuapp", 400, coded({ code: 230022, msg: "sensitive" }), "permanent rejected"],
  ["feishuapp", 400, coded({ code: 99991403, msg: "quota" }), "blocked throttled"],
  ["feishuapp", 400, coded({ code: 99991662, msg: "app off" }), "blocked gone"],
  ["feishuapp", 400, coded({ code: 230025, msg: "too long" }), "permanent too_large"],
  ["feishuapp", 400, coded({ code: 230002, msg: "outside" }), "blocked unauthorized"],
  ["feishuapp", 400, coded({ code: 230045, msg: "no chat" }), "blocked gone"],
  ["feishuapp", 400, coded({ code: 230020, msg: "limit" }), "retry throttled", 1_000],
  ["feishuapp", 429, coded({ code: 99991400, msg: "limit" }), "retry throttled", 30_000],
  ["feishuapp", 400, coded({ code: 99991663, msg: "token" }), "blocked unauthorized"],
  ["feishuapp", 400, coded({ code: 99991672, msg: "scope" }), "blocked unauthorized"],
  ["feishuapp", 400, coded({ code: 999, msg: "new" }), "blocked rejected"],
  ["feishuapp", 200, "{}", "blocked not_found", 600_000],
  ["dingtalk", 200, coded({ errcode: 0, errmsg: "ok" }), "accepted"],
  ["dingtalk", 200, coded({ errcode: -1, errmsg: "busy" }), "retry server_error"],
  ["dingtalk", 200, coded({ errcode: 130101, errmsg: "send too fast" }), "retry throttled", 600_000],
  ["dingtalk", 200, coded({ status: 1111, wait: 5, punish: "deny", errcode: 0 }), "retry throttled", 600_000],
  ["dingtalk", 200, coded({ errcode: 310000, errmsg: "keywords not in content" }), "blocked unauthorized"],
  ["dingtalk", 200, coded({ errcode: 460101, errmsg: "too long" }), "permanent too_large"],
  ["dingtalk", 200, coded({ errcode: 400102, errmsg: "stopped" }), "blocked gone"],
  ["dingtalk", 200, coded({ errcode: 430102, errmsg: "unfit" }), "permanent rejected"],
  ["dingtalk", 200, coded({ errcode: 555, errmsg: "new" }), "blocked rejected"],
  ["wecom", 200, coded({ errcode: 0, errmsg: "ok" }), "accepted"],
  ["wecom", 200, coded({ errcode: 45009, errmsg: "api freq out of limit" }), "retry throttled", 60_000],
  ["wecom", 200, coded({ errcode: 93004, errmsg: "robot is disabled" }), "blocked gone"],
  ["wecom", 200, coded({ errcode: 93008, errmsg: "not in group" }), "blocked unauthorized"],
  ["wecom", 200, coded({ errcode: 45002, errmsg: "too long" }), "permanent too_large"],
  ["wecom", 200, coded({ errcode: 93000, errmsg: "invalid webhook url" }), "blocked unauthorized"],
  ["wecom", 200, coded({ errcode: 40058, errmsg: "exceed max length" }), "permanent rejected"],
  ["wecom", 200, coded({ errcode: "0" }), "accepted"],
  ["wecom", 200, "not json", "blocked not_found", 600_000],
  ["googlechat", 200, coded({ name: "spaces/A/messages/B" }), "accepted"],
  ["googlechat", 200, "{}", "blocked not_found", 600_000],
  ["googlechat", 400, googleError("INVALID_ARGUMENT", "Invalid JSON payload"), "permanent rejected"],
  ["googlechat", 400, googleError("INVALID_ARGUMENT", "API key not valid."), "blocked unauthorized"],
  ["googlechat", 400, googleError("INVALID_ARGUMENT", "Invalid space"), "blocked not_found"],
  ["googlechat", 400, googleError("FAILED_PRECONDITION", "off"), "blocked rejected"],
  ["googlechat", 401, googleError("UNAUTHENTICATED", "no"), "blocked unauthorized"],
  ["googlechat", 403, googleError("PERMISSION_DENIED", "no"), "blocked unauthorized"],
  ["googlechat", 404, googleError("NOT_FOUND", "no"), "blocked not_found"],
  ["googlechat", 429, googleError("RESOURCE_EXHAUSTED", "slow"), "retry throttled", 1_000],
  ["googlechat", 503, googleError("UNAVAILABLE", "down"), "retry server_error"],
  ["googlechat", 504, googleError("DEADLINE_EXCEEDED", "late"), "retry timeout"],
  ["mattermost", 200, "ok", "accepted"],
  ["mattermost", 200, "<html>sign in</html>", "blocked not_found", 600_000],
  [
    "mattermost",
    400,
    coded({ id: "api.post.create_post.can_not_post_to_deleted.error", message: "no" }),
    "blocked gone",
  ],
  ["mattermost", 400, mattermostError("invalid"), "blocked not_found"],
  ["mattermost", 400, mattermostError("text"), "permanent rejected"],
  ["mattermost", 400, mattermostError("decode"), "permanent rejected"],
  ["mattermost", 400, mattermostError("split_props_length"), "permanent too_large"],
  ["mattermost", 403, mattermostError("permissions"), "blocked unauthorized"],
  ["mattermost", 500, mattermostError("channel"), "blocked not_found"],
  ["mattermost", 501, mattermostError("disabled"), "blocked gone"],
  ["mattermost", 400, mattermostError("something_new"), "blocked rejected"],
  ["mattermost", 429, "limit exceeded", "retry throttled"],
];

describe("an answer", () => {
  const rows = verdicts.map(([type, status, body, expected, waitMs]) => ({
    type,
    status,
    body,
    expected,
    waitMs,
  }));

  it.each(rows)("of $type with $status and $body is $expected", async (row) => {
    const { type, status, body, expected, waitMs } = row;
    const { sink } = await chatTrial(type, {}, () => ({ status, body }));
    const [result] = await sink.deliver(sampleEvents(1), running());
    expect(result && kinds([result])).toEqual([expected]);
    expect(result && "retryAfterMs" in result ? result.retryAfterMs : undefined).toBe(waitMs);
  });

  it("says what to mend, and the platform's own words", async () => {
    const body = coded({ errcode: 310000, errmsg: "keywords not in content" });
    const { sink } = await chatTrial("dingtalk", {}, () => ({ body }));
    expect(await sink.deliver(sampleEvents(1), running())).toMatchObject([
      {
        detail: expect.stringMatching(
          /^HTTP 200 from http:\/\/127\.0\.0\.1:\d+: the robot's keyword, signature or address check failed \(code 310000, keywords not in content\)$/,
        ),
      },
    ]);
  });

  it("that nobody knows blocks with the platform's own sentence, without secrets", async () => {
    const { sink } = await chatTrial("telegram", {}, ({ url }) => ({
      status: 400,
      body: coded(tg(400, `Bad Request: the moon is full (${url.pathname})`)),
    }));
    const [result] = await sink.deliver(sampleEvents(1), running());
    expect(result).toMatchObject({
      kind: "blocked",
      detail: expect.stringMatching(/not known here \(code 400, Bad Request: the moon is full/),
    });
    expect(JSON.stringify(result)).not.toContain(token);
  });

  it.each(platformTypes)("of %s that asks for a wait in its header is obeyed", async (type) => {
    const { sink } = await chatTrial(type, {}, () => ({ status: 429, headers: { "retry-after": "7" } }));
    expect(await sink.deliver(sampleEvents(1), running())).toMatchObject([
      { kind: "retry", reason: "throttled", retryAfterMs: 7_000 },
    ]);
  });

  it("with a code obeys the header before the code's own wait", async () => {
    const reply = { status: 429, headers: { "retry-after": "7" }, body: "rate_limited" };
    const { sink } = await chatTrial("slack", {}, () => reply);
    expect(await sink.deliver(sampleEvents(1), running())).toMatchObject([{ retryAfterMs: 7_000 }]);
  });

  it.each(platformTypes)("of %s without a code makes a dead letter of no status but 413", async (type) => {
    let status = 0;
    const { sink } = await chatTrial(type, {}, () => ({ status }));
    for (status of statuses) {
      const [result] = await sink.deliver(sampleEvents(1), running());
      const isRetried = [408, 425, 429].includes(status) || status >= 500;
      const expected = status === 413 ? "permanent" : isRetried ? "retry" : "blocked";
      expect([status, result?.kind]).toEqual([status, expected]);
    }
  });
});

describe("several changes at once", () => {
  it("get a message each up to the limit, and one digest beyond it", async () => {
    const { sink, heard } = await chatTrial("dingtalk", { digestAbove: 3 });
    expect(kinds(await sink.deliver(sampleEvents(3), running()))).toEqual(Array(3).fill("accepted"));
    expect(heard).toHaveLength(3);
    expect(kinds(await sink.deliver(sampleEvents(50), running()))).toEqual(Array(50).fill("accepted"));
    expect(heard).toHaveLength(4);
  });

  it("share what becomes of their digest", async () => {
    const { sink } = await chatTrial("wecom", {}, () => ({ body: '{"errcode":45009}' }));
    expect(kinds(await sink.deliver(sampleEvents(4), running()))).toEqual(Array(4).fill("retry throttled"));
  });

  it("are not sent to a platform that has just refused one for now", async () => {
    const { sink, heard } = await chatTrial("wecom", {}, ({ number }) => ({
      body: number === 2 ? '{"errcode":45009}' : '{"errcode":0}',
    }));
    expect(kinds(await sink.deliver(sampleEvents(3), running()))).toEqual([
      "accepted",
      "retry throttled",
      "retry throttled",
    ]);
    expect(heard).toHaveLength(2);
  });

  it("go on after one that cannot pass", async () => {
    const { sink } = await chatTrial("wecom", {}, ({ number }) => ({
      body: number === 1 ? '{"errcode":40058}' : '{"errcode":0}',
    }));
    expect(kinds(await sink.deliver(sampleEvents(2), running()))).toEqual(["permanent rejected", "accepted"]);
  });

  it("are throttled as the platform does it beyond twenty in a minute", async () => {
    const { sink } = await chatTrial("dingtalk", { digestAbove: 100 });
    const results = kinds(await sink.deliver(sampleEvents(22), running()));
    expect(results.slice(19)).toEqual(["accepted", "retry throttled", "retry throttled"]);
  });
});

describe("on Google Chat", () => {
  const askedFor = async (...deliveries: readonly (readonly CloudEvent[])[]) => {
    const { sink, heard } = await chatTrial("googlechat", { digestAbove: 2 });
    for (const events of deliveries) await sink.deliver(events, running());
    return heard.map(({ url, text }) => ({
      id: url.searchParams.get("requestId"),
      option: url.searchParams.get("messageReplyOption"),
      thread: JSON.parse(text).thread,
    }));
  };

  it("the changes of a task stand in one thread, and those of another in another", async () => {
    const [first, second, other] = await askedFor(
      [eventOf("executing")],
      [eventOf("failed")],
      [eventOf("failed", 2)],
    );
    expect([first?.thread, second?.thread, other?.thread]).toEqual([
      { threadKey: "t-0001" },
      { threadKey: "t-0001" },
      { threadKey: "t-0002" },
    ]);
    expect(first?.option).toBe("REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
  });

  it("a repeat asks with the same id, and every other message with one of its own", async () => {
    const events = sampleEvents(4);
    const asked = await askedFor(events.slice(0, 2), events.slice(0, 1), events, events, events.slice(0, 3));
    const [one, two, again, digest, digestAgain, otherDigest] = asked.map(({ id }) => id);
    expect(again).toBe(one);
    expect(digestAgain).toBe(digest);
    expect(new Set([one, two, digest, otherDigest]).size).toBe(4);
    expect(one).toMatch(/^[0-9a-f]{32}$/);
  });

  it("a digest begins a thread of its own", async () => {
    const [digest] = await askedFor(sampleEvents(3));
    expect(digest?.thread).toBeUndefined();
  });
});

describe("the options", () => {
  const rejected = (options: object) => () => sinkAt("dingtalk", "https://oapi.dingtalk.com", options);

  it("take what the documentation shows", () => {
    const links = { Console: "https://console.example.com/{region}/{instance}" };
    const options = {
      language: "zh",
      timeZone: "Asia/Shanghai",
      titlePrefix: "[prod] ",
      links,
      timeout: "5s",
    };
    expect(rejected(options)).not.toThrow();
  });

  it.each([
    ["a language that it does not speak", { language: "fr" }],
    ["a zone that does not exist", { timeZone: "Asia/Nowhere" }],
    ["a prefix of two lines", { titlePrefix: "a\nb" }],
    ["a link that is no https URL", { links: { x: "javascript:alert(1)" } }],
    ["a link with an unknown field", { links: { x: "https://e.example/{password}" } }],
    ["a secret of another kind", { secret: "demo" }],
    ["plain http to the world", { url: "http://oapi.dingtalk.com/", allowPrivateNetwork: false }],
    ["an unknown option", { channel: "#ops" }],
  ])("refuse %s", (_, options) => {
    expect(rejected(options)).toThrow();
  });
});

describe("the URL of a chat sink", () => {
  it.each<[ChatType, string, RegExp | null]>([
    ["slack", "https://hooks.slack.com/services/T0/B0/x", null],
    ["slack", "https://hooks.slack-gov.com/services/T0/B0/x", null],
    ["slack", "https://chat.example.com/hooks/x", null],
    ["slack", "https://hooks.slack.com/workflows/T0/A0/1/x", /one of a workflow/],
    ["slack", "https://hooks.slack.com/triggers/T0/1/x", /one of a workflow/],
    ["feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/x", null],
    ["feishu", "https://open.larksuite.com/open-apis/bot/v2/hook/x", null],
    ["feishu", "https://www.feishu.cn/flow/api/trigger-webhook/x", /a flow's trigger/],
    ["feishu", "https://open.feishu.cn/open-apis/bot/hook/x", /custom bot/],
    ["discord", "https://discord.com/api/webhooks/1/x", null],
    ["discord", "https://ptb.discord.com/api/v10/webhooks/1/x?thread_id=2", null],
    ["discord", "https://discord.com/api/webhooks/1/x/slack", /\/slack and \/github/],
  ])("of %s may be, or is refused by name: %s", (type, url, refusal) => {
    const opening = () => sinkAt(type, "", { url, allowPrivateNetwork: false });
    if (refusal) expect(opening).toThrow(refusal);
    else expect(opening).not.toThrow();
  });
});
