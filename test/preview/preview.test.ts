import { existsSync, readFileSync } from "node:fs";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { fingerprint, pageFor, pictures } from "../../build/docs/cards.ts";
import { platforms, platformTypes, previewed, previewTypes } from "../../lib/preview/platforms.ts";
import { albumOf, sampleStyle, sampleSubject } from "../../lib/preview/preview.ts";
import { sampleNowMs, samples } from "../../lib/preview/samples.ts";
import { loadSinkModule, sinkTypes } from "../../lib/sinks/index.ts";
import { fieldsOf } from "../../lib/text/json.ts";
import { trial } from "../contract/service.ts";
import { chatTrial, platformTypes as chatTypes, own } from "../sinks/chat/platforms.ts";
import { foreignEvent, injections } from "../sinks/chat/sample.ts";
import { from, sesService, to } from "../sinks/mail/service.ts";
import { running, sampleDeps } from "../sinks/sample.ts";

const pages = await Promise.all(
  pictures.map(async (picture) => ({ file: picture.file, page: await pageFor(picture) })),
);
const clock = { now: () => sampleNowMs, sleep: async () => {} };

describe("a preview", () => {
  it.each(chatTypes)("of %s has, to the byte, what its sink sends to the platform", async (type) => {
    const { sink, heard } = await chatTrial(type, sampleStyle("zh"), undefined, { ...sampleDeps, clock });
    const subject = await sampleSubject(type, "zh");
    const written = { ...platforms[type].options, ...sampleStyle("zh"), ...own[type] };
    const options = fieldsOf(v.parse(subject.module.schema, written));
    const { messages } = await albumOf({ ...subject, options });
    const sent = [];
    for (const { name, events } of samples(6)) {
      const results = await sink.deliver(events, running());
      expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(["accepted"]));
      sent.push({ sample: name, body: heard.at(-1)?.text });
    }
    expect(messages).toEqual(sent);
    expect(heard).toHaveLength(sent.length);
  });

  it("of mail has, to the byte, what its sink sends to SES", async () => {
    const { sink, seen } = await trial(sesService, undefined, sampleStyle("zh"), { ...sampleDeps, clock });
    const subject = await sampleSubject("email", "zh");
    const { messages } = await albumOf({ ...subject, options: { ...subject.options, from, to } });
    for (const { events } of samples(6)) await sink.deliver(events, running());
    expect(messages.map(({ body }) => body)).toEqual(seen.map(({ body }) => body));
    expect(messages).toHaveLength(11);
  });

  it("warns of links and words that no message has room for", async () => {
    const subject = await sampleSubject("wecom", "en");
    const links = {
      Console: "https://console.example.com/{instance}",
      Long: `https://e.example/?${"q".repeat(1_980)}`,
    };
    const template = { title: "{{ task.name }}", body: "{% for i in (1..30) %}line {{ i }}\n{% endfor %}" };
    const options = fieldsOf(v.parse(subject.module.schema, { ...platforms.wecom.options, links, template }));
    expect((await albumOf({ ...subject, options })).warnings).toEqual([
      "a link does not fit into the message; omitted: Long",
      "the template's body is longer than a message has room for, and is cut",
    ]);
    expect((await albumOf(subject)).warnings).toEqual([]);
  });

  it.each(previewTypes)("of %s has a message of a task that failed, and of an outage", async (type) => {
    const { messages } = await albumOf(await sampleSubject(type, "en"));
    const shown = messages.map(({ sample }) => sample);
    expect(shown).toEqual(expect.arrayContaining(["failed", "unreadable"]));
  });

  it("ends with a digest, however many changes a sink tells one by one", async () => {
    const subject = await sampleSubject("slack", "en");
    const { messages } = await albumOf({ ...subject, options: { ...subject.options, digestAbove: 20 } });
    expect(messages.at(-1)).toMatchObject({
      sample: "digest",
      body: expect.stringContaining("21 task changes"),
    });
  });

  it("is the same each time", async () => {
    const albums = await Promise.all([1, 2].map(async () => albumOf(await sampleSubject("feishu", "en"))));
    expect(albums[0]).toEqual(albums[1]);
  });

  it("knows every chat sink", async () => {
    const types = await Promise.all(
      Object.keys(sinkTypes).map(async (type) => {
        const { schema } = await loadSinkModule(type, "type");
        return "entries" in schema &&
          v.is(v.looseObject({ url: v.any(), digestAbove: v.any() }), schema.entries)
          ? [type]
          : [];
      }),
    );
    expect([...platformTypes].sort()).toEqual([...types.flat(), "email"].sort());
  });
});

describe("the drawing of a body", () => {
  const { draw } = previewed.webhook.drawing;

  it("indents and colours JSON, and keeps every character of it", () => {
    const text = '{"a\\"b":[1e400,-0,"<b>: true",null]}';
    const { html } = draw(text);
    expect(html).toContain(
      '<span class="name">"a\\"b":</span>'.replaceAll('"a\\"b"', "&quot;a\\&quot;b&quot;"),
    );
    expect(html).toContain('<span class="value">1e400</span>');
    expect(html).toContain('<span class="text">&quot;&lt;b&gt;: true&quot;</span>');
  });

  it("shows what is no JSON as it is", () => {
    expect(draw("a=<b>&c").html).toBe("<pre>a=&lt;b&gt;&amp;c</pre>");
  });
});

describe("a drawing", () => {
  const texts = [
    ...injections,
    '<script>1</script>"><img src=x onerror=1>',
    "</div></body><b>",
    "' onclick='1",
  ];

  const style = {
    ...sampleStyle("en"),
    links: { Console: "https://console.example.com/{region}/{instance}" },
  };

  it.each(chatTypes)("of %s makes nothing but text of what a task says", async (type) => {
    const { sink, heard } = await chatTrial(type, style);
    for (const text of texts) {
      await sink.deliver([foreignEvent(text)], running());
      const { html } = platforms[type].drawing.draw(heard.at(-1)?.text ?? "");
      expect(
        html.replaceAll(
          /<(\/?(div|span|b|i|code|p|br|h4|blockquote|ul|li|time)|\/a)( (class|style|title)="[^"<>]*")*>/g,
          "",
        ),
      ).not.toMatch(/<(?!a (class="button" )?href="https:\/\/console\.example\.com\/)/);
    }
  });

  it("of mail makes nothing but text of what a task says", async () => {
    const { sink, seen } = await trial(sesService, undefined, style);
    for (const text of texts) {
      await sink.deliver([foreignEvent(text)], running());
      const { html } = platforms.email.drawing.draw(seen.at(-1)?.body ?? "");
      expect(
        html.replaceAll(/<(\/?(div|p|table|tbody|tr|td)|\/a)( (class|style)="[^"<>]*")*>/g, ""),
      ).not.toMatch(/<(?!a href="https:\/\/console\.example\.com\/)/);
    }
  });

  it.each(platformTypes)("of %s shows the whole card", async (type) => {
    const { messages } = await albumOf(await sampleSubject(type, "en"));
    const failed = messages.find(({ sample }) => sample === "failed");
    const { html } = platforms[type].drawing.draw(failed?.body ?? "");
    const words = html.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
    for (const text of [
      "❌ Bind public IP failed · clickstream",
      "Kafka · cn-north-4",
      "Took 48 s, 12 times as long as usual (4 s)",
      "public_ip_address",
      "203.0.113.7",
      "Console",
      "seen 4 s later",
    ]) {
      expect(words).toContain(text);
    }
  });

  it.each(platformTypes)("of %s refuses a message of another form", (type) => {
    expect(() => platforms[type].drawing.draw('{"attachments":[{"blocks":[{"type":"video"}]}]}')).toThrow();
  });
});

describe("the pictures", () => {
  const folder = new URL("../../docs/cards/", import.meta.url);
  const taken: unknown = JSON.parse(readFileSync(new URL("pictures.json", folder), "utf8"));
  const text = ["../chat.md", "../../README.md", "../../README.zh-CN.md"]
    .map((file) => readFileSync(new URL(file, folder), "utf8"))
    .join("\n");

  it("are of what the sinks send now; `npm run docs:cards` takes them anew", async () => {
    const now = pages.map(({ file, page }) => [file, fingerprint(page)]);
    expect(taken).toEqual(Object.fromEntries(now));
  });

  it("are there for every chat sink, and a page shows them", () => {
    expect(pictures.map(({ type }) => type)).toEqual(expect.arrayContaining([...platformTypes]));
    for (const { file } of pictures) {
      expect(existsSync(new URL(`${file}.png`, folder)), file).toBe(true);
      expect(text.includes(`cards/${file}.png`), file).toBe(true);
    }
  });

  it("ask for nothing from elsewhere", async () => {
    for (const { page } of pages)
      expect(/\ssrc="(?!data:)|url\((?!#)|@import|<link|<script/.exec(page)).toBeNull();
  });
});
