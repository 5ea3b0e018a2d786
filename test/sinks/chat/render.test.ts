import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { feishuCard } from "../../../lib/sinks/chat/feishu-card.ts";
import { slackMessage } from "../../../lib/sinks/chat/slack-message.ts";
import { telegramText } from "../../../lib/sinks/chat/telegram-text.ts";
import { words } from "../../../lib/sinks/chat/text.ts";
import { dingtalkBody } from "../../../lib/sinks/dingtalk.ts";
import { discordMessage } from "../../../lib/sinks/discord.ts";
import { googlechatBody } from "../../../lib/sinks/googlechat.ts";
import { mattermostBody } from "../../../lib/sinks/mattermost.ts";
import { teamsBody } from "../../../lib/sinks/teams.ts";
import { wecomMarkdown } from "../../../lib/sinks/wecom.ts";
import { anyCharacter } from "../../harness/any-character.ts";
import { withoutVisibleSigns } from "../../text/visible-signs.ts";
import { running, sampleEvent } from "../sample.ts";
import { type ChatType, chatTrial, platformTypes } from "./platforms.ts";
import { eventOf, foreignEvent, injections, sampleCard } from "./sample.ts";

const plain = (text: string) => ({ type: "plain_text", text, emoji: false });
const text = (content: string) => ({ type: "text", text: content });
const bold = (content: string) => ({ ...text(content), style: { bold: true } });
const line = (...elements: readonly object[]) => ({ type: "rich_text_section", elements });
const feishuLine = (label: string, value: string) => ({
  tag: "column",
  width: "weighted",
  weight: 1,
  elements: [
    { tag: "div", text: { tag: "plain_text", content: label, text_size: "notation", text_color: "grey" } },
    { tag: "div", text: { tag: "plain_text", content: value } },
  ],
});

describe("the same card", () => {
  it("is an attachment with a colour bar on Slack", () => {
    expect(slackMessage(sampleCard, "en")).toEqual({
      unfurl_links: false,
      unfurl_media: false,
      attachments: [
        {
          color: "#E01E5A",
          fallback: sampleCard.plainText,
          blocks: [
            { type: "header", text: plain("❌ resize failed") },
            {
              type: "rich_text",
              elements: [
                line(bold("EXECUTING → FAILED in 5 s"), text("\n"), text("kafka · orders · cn-north-4")),
              ],
            },
            {
              type: "rich_text",
              elements: [
                line(
                  ...[bold("Operator"), text("  "), text("li.wei"), text("\n")],
                  ...[bold("public_ip"), text("  "), text("203.0.113.9"), text("\n")],
                  ...[bold("Reason"), text("  "), text("no quota")],
                ),
              ],
            },
            {
              type: "actions",
              elements: [
                {
                  type: "button",
                  text: plain("Console"),
                  url: "https://console.example.com/?i=1",
                  action_id: "link-0",
                },
              ],
            },
            { type: "context", elements: [plain("task t-1")] },
          ],
        },
      ],
    });
  });

  it("is an Adaptive Card of text runs on Teams", () => {
    const [{ content }] = JSON.parse(teamsBody(sampleCard)).attachments;
    expect(content).toMatchObject({ type: "AdaptiveCard", version: "1.4", msteams: { width: "Full" } });
    const runs = content.body.map(({ inlines }: { inlines: readonly { text: string }[] }) =>
      inlines.map(({ text }) => text).join(""),
    );
    expect(runs).toEqual([
      "❌ resize failed",
      "kafka · orders · cn-north-4",
      "EXECUTING → FAILED in 5 s",
      "Operator  li.wei",
      "public_ip  203.0.113.9",
      "Reason  no quota",
      "task t-1",
    ]);
    expect(content.body[0].inlines).toMatchObject([{ type: "TextRun", color: "attention", size: "large" }]);
    expect(content.actions).toEqual([
      { type: "Action.OpenUrl", title: "Console", url: "https://console.example.com/?i=1" },
    ]);
  });

  it("is an embed that mentions nobody on Discord", () => {
    expect(discordMessage(sampleCard)).toEqual({
      allowed_mentions: { parse: [] },
      embeds: [
        {
          color: 0xe01e5a,
          title: "❌ resize failed",
          description:
            "kafka · orders · cn-north-4\n**EXECUTING → FAILED in 5 s**\n[Console](https://console.example.com/?i=1)",
          fields: [
            { name: "Operator", value: "li.wei", inline: true },
            { name: "public\\_ip", value: "203.0.113.9", inline: true },
            { name: "Reason", value: "no quota", inline: true },
          ],
          footer: { text: "task t-1" },
        },
      ],
    });
  });

  it("is HTML on Telegram, with values that can be copied", () => {
    expect(telegramText(sampleCard, "en").split("\n")).toEqual([
      "<b>❌ resize failed</b>",
      "kafka · orders · cn-north-4",
      "<b>EXECUTING → FAILED in 5 s</b>",
      "",
      "Operator: <code>li.wei</code>",
      "public_ip: <code>203.0.113.9</code>",
      "Reason: <code>no quota</code>",
      "",
      '<a href="https://console.example.com/?i=1">Console</a>',
      "<i>task t-1</i>",
    ]);
  });

  it("is a card of plain texts on Feishu", () => {
    expect(feishuCard(sampleCard)).toEqual({
      schema: "2.0",
      config: { update_multi: true, width_mode: "fill", summary: { content: sampleCard.plainText } },
      header: {
        template: "red",
        title: { tag: "plain_text", content: "❌ resize failed" },
        subtitle: { tag: "plain_text", content: "kafka · orders · cn-north-4" },
        text_tag_list: [
          {
            tag: "text_tag",
            text: { tag: "plain_text", content: "EXECUTING → FAILED in 5 s" },
            color: "red",
          },
        ],
      },
      body: {
        elements: [
          {
            tag: "column_set",
            columns: [feishuLine("Operator", "li.wei"), feishuLine("public_ip", "203.0.113.9")],
          },
          { tag: "column_set", columns: [feishuLine("Reason", "no quota")] },
          {
            tag: "button",
            text: { tag: "plain_text", content: "Console" },
            type: "default",
            behaviors: [{ type: "open_url", default_url: "https://console.example.com/?i=1" }],
          },
          {
            tag: "div",
            text: { tag: "plain_text", content: "task t-1", text_size: "notation", text_color: "grey" },
          },
        ],
      },
    });
  });

  it("is Markdown on DingTalk", () => {
    expect(JSON.parse(dingtalkBody(sampleCard, words.zh))).toEqual({
      msgtype: "markdown",
      markdown: {
        title: "❌ resize failed",
        text: [
          "#### ❌ resize failed",
          "kafka · orders · cn-north-4  \n**EXECUTING → FAILED in 5 s**",
          "**Operator**：li.wei  \n**public_ip**：203.0.113.9  \n**Reason**：no quota",
          "[Console](https://console.example.com/?i=1)",
          "> task t-1",
        ].join("\n\n"),
      },
      at: { isAtAll: false },
    });
  });

  it("is Markdown with colours on WeCom", () => {
    expect(wecomMarkdown(sampleCard, words.en).split("\n")).toEqual([
      "**❌ resize failed**",
      "kafka · orders · cn-north-4",
      '<font color="warning">EXECUTING → FAILED in 5 s</font>',
      '> Operator: <font color="comment">li.wei</font>',
      '> public_ip: <font color="comment">203.0.113.9</font>',
      '> Reason: <font color="comment">no quota</font>',
      "[Console](https://console.example.com/?i=1)",
      '<font color="comment">task t-1</font>',
    ]);
  });

  it("is a card of decorated texts on Google Chat", () => {
    const fact = (topLabel: string, text: string) => ({
      decoratedText: { topLabel, text, wrapText: true },
    });
    expect(JSON.parse(googlechatBody(sampleCard, "t-1"))).toEqual({
      fallbackText: sampleCard.plainText,
      cardsV2: [
        {
          cardId: "change",
          card: {
            header: { title: "❌ resize failed", subtitle: "kafka · orders · cn-north-4" },
            sections: [
              {
                widgets: [
                  {
                    textParagraph: { text: '<b><font color="#D93025">EXECUTING → FAILED in 5 s</font></b>' },
                  },
                  fact("Operator", "li.wei"),
                  fact("public_ip", "203.0.113.9"),
                  fact("Reason", "no quota"),
                  {
                    buttonList: {
                      buttons: [
                        {
                          text: "Console",
                          onClick: { openLink: { url: "https://console.example.com/?i=1" } },
                        },
                      ],
                    },
                  },
                  { textParagraph: { text: '<font color="#7A7F85">task t-1</font>' } },
                ],
              },
            ],
          },
        },
      ],
      thread: { threadKey: "t-1" },
    });
  });

  it("is an attachment on Mattermost", () => {
    expect(JSON.parse(mattermostBody(sampleCard))).toEqual({
      attachments: [
        {
          fallback: sampleCard.plainText,
          color: "#E01E5A",
          title: "❌ resize failed",
          text: "kafka · orders · cn-north-4\n**EXECUTING → FAILED in 5 s**\n[Console](https://console.example.com/?i=1)",
          fields: [
            { title: "Operator", value: "li.wei", short: true },
            { title: "public_ip", value: "203.0.113.9", short: true },
            { title: "Reason", value: "no quota", short: true },
          ],
          footer: "task t-1",
        },
      ],
    });
  });
});

/** Every text of a JSON value that the platform reads as more than plain text. */
const marked: Readonly<Record<ChatType, (text: string) => readonly string[]>> = {
  slack: slackTexts,
  slackapp: slackTexts,
  // Text runs and card titles are shown as they stand; anything else of a text would not be.
  teams: (text) => textsUnder(JSON.parse(text), ["text"]).filter((part) => part.includes("{{")),
  // An instant of Discord's own is no text of a task.
  discord: (text) =>
    textsUnder(JSON.parse(text), ["title", "description", "name", "value"]).filter(
      (part) => !/^<t:\d+:f>$/.test(part),
    ),
  // Code is shown as it stands.
  telegram: (text) =>
    textsUnder(JSON.parse(text), ["text"]).map((part) => part.replace(/<code>[^<>]*<\/code>/g, "")),
  feishu: () => [],
  feishuapp: () => [],
  dingtalk: (text) => textsUnder(JSON.parse(text), ["title", "text"]),
  wecom: (text) => textsUnder(JSON.parse(text), ["content"]),
  googlechat: (text) =>
    textsUnder(JSON.parse(text), ["text", "title", "subtitle", "topLabel", "fallbackText"]),
  mattermost: (text) => textsUnder(JSON.parse(text), ["fallback", "title", "text", "value", "footer"]),
};

/** What would be markup, a mention or a link of someone else's making. */
const forbidden: Readonly<Record<ChatType, RegExp>> = {
  slack: /[<>]|&(?!(amp|lt|gt);)/,
  slackapp: /[<>]|&(?!(amp|lt|gt);)/,
  teams: /./,
  discord: /(?<!\\)(\\\\)*[_~|`<>[\]#@]|https?:\/\//,
  telegram:
    /<(?!\/?[bi]>)|&(?!(amp|lt|gt|quot);)|[@#$]|:\/\/|(?<=[\p{L}\p{N}])\.(?=\p{L})|(?<![\p{L}\p{N}<])\/(?=[\p{L}\p{N}])/u,
  feishu: /./,
  feishuapp: /./,
  dingtalk: /[<[\]`~@\\]|:\/\/|\n\n(?!\*\*|> )[^\n]*#/,
  wecom: /<(?!font color="(info|comment|warning)">|\/font>)|[[\]`~@\\]|:\/\//,
  googlechat: /<(?!font color="#[0-9A-F]{6}">|\/font>|b>|\/b>)|&(?!(amp|lt|gt);)|:\/\//,
  mattermost: /[<>[\]`~#@\\&|]|:\/\/|(?<!\*)\*(?!\*)/,
};

/** Slack reads three characters in every text but those of rich text, which are shown as they stand. */
function slackTexts(message: string): readonly string[] {
  const outside = JSON.parse(message, (_, value) =>
    value?.type === "rich_text_section" ? JSON.stringify(value) : value,
  );
  return textsUnder(outside, ["text", "fallback"]);
}

function textsUnder(value: unknown, keys: readonly string[]): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === "string" ? (keys.includes(key) ? [inner] : []) : textsUnder(inner, keys),
  );
}

/** The kinds of text element in a JSON value. */
const kindsIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/"(?:tag|type)":"([a-zA-Z_.]+)"/g)].map(([, kind]) => kind ?? ""));

const hostile = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...injections) },
  { weight: 1, arbitrary: fc.string({ unit: anyCharacter, maxLength: 200 }) },
  {
    weight: 3,
    arbitrary: fc
      .array(
        fc.constantFrom(
          "<",
          ">",
          "&",
          "[",
          "]",
          "(",
          ")",
          "*",
          "_",
          "~",
          "`",
          "#",
          "@all",
          "\\",
          "|",
          "{{",
          "\n",
          "!",
          "a",
          "://",
        ),
      )
      .map((parts) => parts.join("")),
  },
);

describe.each(platformTypes)("words of the sink's own on %s", (type) => {
  const template = {
    title: "{{ task.name }} on {{ instance.engine }}",
    body: "Runbook 7\n{% if kind == 'succeeded' %}\nAll is well{% endif %}",
  };

  it("stand in place of the title and the facts", async () => {
    const { sink, heard } = await chatTrial(type, { template });
    expect(await sink.deliver([sampleEvent()], running())).toMatchObject([{ kind: "accepted" }]);
    const sent = heard[0]?.text ?? "";
    for (const part of ["bindInstancePublicIp on rabbitmq", "Runbook 7", "All is well", "t-0001"]) {
      expect(sent).toContain(part);
    }
    expect(sent).not.toContain("li.wei");
  });

  it("refuse the one event that they cannot be made of", async () => {
    const { sink, heard } = await chatTrial(type, { template: { body: "{{ task.params.public_ip }}" } });
    const events = [sampleEvent(1, { params: { port: 1 } }), sampleEvent(2)];
    expect(await sink.deliver(events, running())).toMatchObject([
      {
        kind: "permanent",
        reason: "rejected",
        detail: "the template cannot be filled: line 1: undefined variable: task.params.public_ip",
      },
      { kind: "accepted" },
    ]);
    expect(heard).toHaveLength(1);
  });

  it("leave a digest as it is", async () => {
    const { sink, heard } = await chatTrial(type, { template, digestAbove: 1 });
    await sink.deliver([sampleEvent(1), sampleEvent(2)], running());
    expect(heard[0]?.text).toContain("2 task changes");
    expect(heard[0]?.text).not.toContain("Runbook");
  });
});

const foreignTemplate = {
  title: "{{ task.name }}",
  body: "{{ task.name }}\n{{ task.params | json }}\n- {{ task.user.name | default: '' }}",
};

describe.each(platformTypes)("foreign text on %s", (type) => {
  it.each([
    ["a card's own texts", {}],
    ["a template's", { template: foreignTemplate }],
  ])("is never markup, a mention or a link in %s", async (_, options) => {
    const { sink, heard } = await chatTrial(type, { links: {}, ...options });
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const results = await sink.deliver([foreignEvent(text)], running());
        if (heard.length <= 20) expect(results).toMatchObject([{ kind: "accepted" }]);
        const sent = heard.at(-1)?.text ?? "";
        for (const part of marked[type](sent)) expect(part).not.toMatch(forbidden[type]);
        expect(withoutVisibleSigns(sent)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]|(?<!\\)(\\\\)*\\u/u);
        // Mentions of Feishu and Markdown of Teams live in these elements only.
        const card = type === "feishu" ? sent : type === "feishuapp" ? JSON.parse(sent).content : "";
        expect([...kindsIn(card)]).not.toContain("markdown");
        expect([...kindsIn(card)]).not.toContain("lark_md");
        if (type === "teams") expect([...kindsIn(sent)]).not.toContain("TextBlock");
      }),
      { numRuns: 30, examples: injections.map((text): [string] => [text]) },
    );
  });

  it.each([
    ["a card's own texts", {}],
    ["a template's", { template: foreignTemplate }],
  ])("fits, however long it is, in %s", async (_, options) => {
    const { sink, heard } = await chatTrial(type, {
      titlePrefix: "&".repeat(40),
      digestAbove: 10,
      ...options,
    });
    for (const unit of ["&", "绑", "😀", "a", "<", '"']) {
      const event = foreignEvent(unit.repeat(10_000));
      expect(await sink.deliver([event], running())).toMatchObject([{ kind: "accepted" }]);
    }
    const params = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`key ${index}`, "绑".repeat(500)]),
    );
    expect(await sink.deliver([sampleEvent(1, { params })], running())).toMatchObject([{ kind: "accepted" }]);
    expect(heard).toHaveLength(7);
  });

  it("fits in a digest of a hundred", async () => {
    const { sink, heard } = await chatTrial(type);
    const long = `<&>${"绑".repeat(200)}`;
    const events = Array.from({ length: 100 }, (_, index) => {
      const event = eventOf(index % 9 === 0 ? "failed" : "succeeded", index, { name: long });
      const instance = { ...event.data.instance, name: `${index % 3} ${long}` };
      return { ...event, data: { ...event.data, instance } };
    });
    expect(await sink.deliver(events, running())).toMatchObject(events.map(() => ({ kind: "accepted" })));
    expect(heard).toHaveLength(1);
    expect(heard[0]?.text).toMatch(/100 task changes\\{0,2}: 12 failed, 88 succeeded/);
    expect(heard[0]?.text).toMatch(/and \d+ more/);
  });
});

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(...colours: readonly [string, string]): number {
  const [low = 0, high = 0] = colours
    .map((colour) => {
      const [red = 0, green = 0, blue = 0] = [1, 3, 5]
        .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    })
    .toSorted((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

it.each(["running", "success", "failure", "attention", "quiet"] as const)(
  "Google Chat's colour of %s is readable on its light card and on its dark one",
  (tone) => {
    const body = googlechatBody({ ...sampleCard, tone }, null);
    const colours = Array.from(body.matchAll(/#[0-9A-F]{6}/g), ([colour]) => colour);
    expect(colours).toHaveLength(2);
    for (const colour of colours) {
      expect(contrast(colour, "#ffffff")).toBeGreaterThan(3.4);
      expect(contrast(colour, "#1e1f20")).toBeGreaterThan(3.4);
    }
  },
);
