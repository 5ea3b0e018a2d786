import { describe, expect, it } from "vitest";
import type { CloudEvent } from "../../../lib/change/event.ts";
import { cardOf } from "../../../lib/sinks/chat/card.ts";
import { maxLinkCharacters } from "../../../lib/sinks/chat/links.ts";
import { words } from "../../../lib/sinks/chat/text.ts";
import { mailContent } from "../../../lib/sinks/mail/content.ts";
import { sinkAt as serviceSinkAt } from "../../contract/service.ts";
import { serve } from "../../harness/http.ts";
import { running, sampleDeps } from "../sample.ts";
import { pagerdutyService, skippingClock, taken } from "./pagerduty-service.ts";
import { type ChatType, chatTrial, platformTypes, sinkAt } from "./platforms.ts";
import { eventOf, kinds, plainStyle } from "./sample.ts";

/** What a task's owner may put anywhere, of so many characters. */
const texts: Readonly<Record<string, (length: number) => string>> = {
  "plain letters": (length) => "x".repeat(length),
  "words of Chinese": (length) => "扩容实例任务".repeat(length / 6),
  "four bytes a character": (length) => "𠮷😀".repeat(length / 4),
  families: (length) => "👨‍👩‍👧‍👦".repeat(length / 11),
  "words from right to left": (length) => "مهمة ‏".repeat(length / 6),
  "marks that are escaped": (length) => `<&>"*_~\`#[]()|\\@{{`.repeat(length / 18),
  "many words": (length) => "a b ".repeat(length / 4),
};

const lengths = [130, 5_000] as const;

/** Many changes at once, and long ones: [number of changes, characters of each text]. */
const sizes = [
  [1, 130],
  [100, 130],
  [1, 5_000],
  [15, 5_000],
] as const;

const hostile = (number: number, text: string): CloudEvent => {
  const params = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`${index} ${text}`, text]));
  const kind = kinds[number % kinds.length] ?? "failed";
  const event = eventOf(kind, number, { name: `${text} ${number}`, params, user: { id: text, name: text } });
  const change = { ...event.data.change, from: text, durationMs: 5_000 };
  const instance = { ...event.data.instance, name: `${text} ${number % 7}` };
  return { ...event, data: { ...event.data, change, instance } };
};

const longLink = (length: number): string => {
  const link = "https://grafana.example.com/explore?left=%7B&task={task}&name={name}&instance={instance}&q=";
  return `${link}${"q".repeat(length - link.length)}`;
};

const links = {
  Console: "https://console.example.com/{instance}",
  Explore: longLink(900),
  Longer: longLink(1_900),
  Logs: longLink(1_400),
  Runbook: "https://wiki.example.com/{name}",
};

const parsed = (text: string): Readonly<Record<string, unknown>> => JSON.parse(text);
const bytesOf = (text: string): number => Buffer.byteLength(text);
const charactersOf = (text: string): number => text.length;

/** All objects in a value, itself included. */
function objectsIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inner : [value as Readonly<Record<string, unknown>>, ...inner];
}

const textIn = (value: unknown): string => String((value as { text?: unknown } | undefined)?.text ?? "");

/** What a message breaks of its platform's documented limits; each with its page. */
const faults: Readonly<Record<ChatType, (body: string) => readonly string[]>> = {
  // https://docs.slack.dev/reference/block-kit/blocks and /messaging/sending-messages-using-incoming-webhooks
  slack(body) {
    const blocks = objectsIn(parsed(body)["attachments"]).filter(({ type }) =>
      ["header", "section", "context"].includes(String(type)),
    );
    const found = blocks.flatMap(({ type, text, fields = [], elements = [] }) => {
      const most = type === "header" ? 150 : 3_000;
      const [allFields, allElements] = [fields, elements] as unknown[][];
      return [
        ...(charactersOf(textIn(text)) > most ? [`${type} text`] : []),
        ...(text !== undefined && textIn(text) === "" ? [`${type} empty`] : []),
        ...((allFields ?? []).length > 10 ? ["fields"] : []),
        ...((allFields ?? []).some((field) => charactersOf(textIn(field)) > 2_000) ? ["field"] : []),
        ...((allElements ?? []).length > 10 ? ["elements"] : []),
      ];
    });
    return [...found, ...(blocks.length > 50 ? ["blocks"] : []), ...(body.length > 13_200 ? ["all"] : [])];
  },
  slackapp: (body) => faults.slack(body),
  // https://learn.microsoft.com/microsoftteams/limits-specifications-teams: 28 KB, of an expanded form.
  teams(body) {
    const actions = objectsIn(parsed(body)).filter(({ type }) => type === "Action.OpenUrl");
    return [...(bytesOf(body) > 20_480 ? ["bytes"] : []), ...(actions.length > 6 ? ["actions"] : [])];
  },
  // https://discord.com/developers/docs/resources/message#embed-object-embed-limits
  discord(body) {
    const [embed] = parsed(body)["embeds"] as readonly Embed[];
    if (!embed) return ["no embed"];
    const { title, description, fields, footer } = embed;
    const all = [
      title,
      description,
      footer?.text ?? "",
      ...fields.flatMap(({ name, value }) => [name, value]),
    ];
    return [
      ...(title.length > 256 ? ["title"] : []),
      ...(description.length > 4_096 ? ["description"] : []),
      ...(fields.length > 25 ? ["fields"] : []),
      ...(fields.some(({ name }) => name.length > 256 || name === "") ? ["name"] : []),
      ...(fields.some(({ value }) => value.length > 1_024 || value === "") ? ["value"] : []),
      ...((footer?.text.length ?? 0) > 2_048 ? ["footer"] : []),
      ...(all.join("").length > 6_000 ? ["all"] : []),
    ];
  },
  // https://core.telegram.org/bots/api#sendmessage: 1 to 4096 characters after entities parsing.
  telegram(body) {
    const text = String(parsed(body)["text"])
      .replace(/<[^>]*>/g, "")
      .replace(/&\w+;/g, "x");
    return text.length > 4_096 || text.trim() === "" ? ["text"] : [];
  },
  // https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot (20 KB) and the structure of cards (200 elements).
  feishu: (body) => [
    ...(bytesOf(body) > 20_480 ? ["bytes"] : []),
    ...(objectsIn(parsed(body)).filter(({ tag }) => tag !== undefined).length > 200 ? ["elements"] : []),
  ],
  // https://open.feishu.cn/document/server-docs/im-v1/message/create: a card's request of 30 KB.
  feishuapp(body) {
    const card = parsed(String(parsed(body)["content"]));
    return [
      ...(bytesOf(body) > 30_720 ? ["bytes"] : []),
      ...(objectsIn(card).filter(({ tag }) => tag !== undefined).length > 200 ? ["elements"] : []),
    ];
  },
  dingtalk: (body) => (bytesOf(body) > 20_000 ? ["bytes"] : []),
  // https://developer.work.weixin.qq.com/document/path/99110
  wecom(body) {
    const { content } = parsed(body)["markdown"] as { content: string };
    return bytesOf(content) > 4_096 ? ["content"] : [];
  },
  // https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages and cards: 32,000 bytes, 100 widgets.
  googlechat(body) {
    const sections = objectsIn(parsed(body)).flatMap(({ widgets }) =>
      Array.isArray(widgets) ? [widgets] : [],
    );
    return [
      ...(bytesOf(body) > 32_000 ? ["bytes"] : []),
      ...(sections.some((widgets) => widgets.length > 100) ? ["widgets"] : []),
    ];
  },
  // https://github.com/mattermost/mattermost, model/post.go: PostMessageMaxRunesV2
  mattermost: (body) => (body.length > 16_383 ? ["characters"] : []),
};

interface Embed {
  readonly title: string;
  readonly description: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly footer?: { readonly text: string };
}

describe.each(platformTypes)("every element of a message of %s keeps to its limit", (type) => {
  it.each(Object.entries(texts))(
    "with %s everywhere, long links, and many changes at once",
    async (_, text) => {
      const { sink, heard } = await chatTrial(type, { links, digestAbove: 1 });
      for (const [count, length] of sizes) {
        const events = Array.from({ length: count }, (_, at) => hostile(count === 1 ? 1 : at, text(length)));
        const results = await sink.deliver(events, running());
        expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(["accepted"]));
        const sent = heard.at(-1)?.text ?? "";
        expect(faults[type](sent)).toEqual([]);
        expect(sent.isWellFormed()).toBe(true);
      }
    },
  );

  it("keeps the facts of a usual change beside links that are too long", async () => {
    const { sink, heard } = await chatTrial(type, {
      links: { Long: longLink(1_990), Longer: longLink(2_000) },
    });
    await sink.deliver([eventOf("failed", 1, { name: "resize" })], running());
    expect(heard[0]?.text).toContain("li.wei");
  });
});

const failed = (foreign: string): CloudEvent => ({
  ...hostile(kinds.indexOf("failed"), foreign),
  type: "com.huaweicloud.dms.task.failed",
});

describe.each(Object.entries(texts))("with %s everywhere and long links", (_, text) => {
  it.each(lengths)("an alert of PagerDuty keeps to its limits, of %i characters each", async (length) => {
    // The service judges by its documented limits: https://developer.pagerduty.com/docs/send-alert-event
    const { origin } = await serve(taken);
    const sink = serviceSinkAt(
      pagerdutyService,
      origin,
      { links },
      { ...sampleDeps, clock: skippingClock() },
    );
    expect(await sink.deliver([failed(text(length))], running())).toEqual([{ kind: "accepted" }]);
    await sink.close();
  });

  it.each(lengths)("a mail has a subject of one short line, of %i characters each", (length) => {
    const { subject, text: plain, html } = mailContent(cardOf(failed(text(length)), plainStyle), words.en);
    // RFC 5322, 2.1.1: a line has 998 characters at most.
    expect(Buffer.byteLength(subject)).toBeLessThanOrEqual(998);
    expect(subject).not.toMatch(/[\r\n]/);
    // SES takes 40 MB: https://docs.aws.amazon.com/ses/latest/dg/quotas.html
    expect(Buffer.byteLength(plain + html)).toBeLessThan(1_048_576);
    for (const each of [subject, plain, html]) expect(each.isWellFormed()).toBe(true);
  });
});

describe("links that do not fit", () => {
  it("are told once, by their labels", async () => {
    const logged: unknown[] = [];
    const log = (...line: unknown[]) => void logged.push(line);
    const { sink } = await chatTrial("discord", { links }, undefined, { ...sampleDeps, log });
    for (const number of [1, 2]) await sink.deliver([eventOf("failed", number)], running());
    expect(logged).toEqual([
      ["warn", "a link does not fit into the message; omitted", { sink: "chat", link: "Logs" }],
    ]);
  });

  it("are refused at load where no message would have room for them", () => {
    const opening = (length: number) => () =>
      sinkAt("slack", "https://chat.example.com", { links: { x: longLink(length) } });
    expect(opening(maxLinkCharacters)).not.toThrow();
    expect(opening(maxLinkCharacters + 1)).toThrow(/at most 2000 characters/);
  });
});
