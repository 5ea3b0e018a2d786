import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cardOf } from "../../../lib/sinks/chat/card.ts";
import { sampleEvent } from "../sample.ts";
import { eventOf, foreignEvent, injections, kinds, plainStyle } from "./sample.ts";

const zh = { ...plainStyle, language: "zh", timeZone: "Asia/Shanghai" } as const;

describe("the card of a change", () => {
  it("says in English what became of the task", () => {
    expect(cardOf(sampleEvent(), { ...plainStyle, titlePrefix: "[prod] " })).toEqual({
      tone: "success",
      glyph: "✅",
      title: "[prod] bindInstancePublicIp succeeded",
      subtitle: "rabbitmq · i-0001 · eu-west-101",
      transition: "EXECUTING → SUCCESS in 5 s",
      body: [],
      facts: [
        { label: "Instance", value: "i-0001" },
        { label: "Operator", value: "li.wei" },
        { label: "Started", value: "2025-12-31 23:59:55 UTC" },
        { label: "Changed", value: "2026-01-01 00:00:00 UTC" },
        { label: "public_ip", value: "203.0.113.9" },
      ],
      hidden: 0,
      links: [],
      footer: "task t-0001 · seen 12 s later",
      plainText:
        "✅ [prod] bindInstancePublicIp succeeded · rabbitmq · i-0001 · eu-west-101 · EXECUTING → SUCCESS in 5 s",
    });
  });

  it("says it in Chinese, with the times of the sink's zone", () => {
    expect(cardOf(eventOf("failed"), zh)).toEqual({
      tone: "failure",
      glyph: "❌",
      title: "bindInstancePublicIp 失败",
      subtitle: "rabbitmq · i-0001 · eu-west-101",
      transition: "EXECUTING → FAILED 用时 5 秒",
      body: [],
      facts: [
        { label: "实例", value: "i-0001" },
        { label: "操作人", value: "li.wei" },
        { label: "开始", value: "2026-01-01 07:59:55 UTC+8" },
        { label: "变更", value: "2026-01-01 08:00:00 UTC+8" },
        { label: "public_ip", value: "203.0.113.9" },
      ],
      hidden: 0,
      links: [],
      footer: "任务 t-0001 · 12 秒后发现",
      plainText:
        "❌ bindInstancePublicIp 失败 · rabbitmq · i-0001 · eu-west-101 · EXECUTING → FAILED 用时 5 秒",
    });
  });

  it.each([
    ["created", "running", "bindInstancePublicIp was created", "bindInstancePublicIp 已创建"],
    ["executing", "running", "bindInstancePublicIp is running", "bindInstancePublicIp 执行中"],
    ["succeeded", "success", "bindInstancePublicIp succeeded", "bindInstancePublicIp 已成功"],
    ["failed", "failure", "bindInstancePublicIp failed", "bindInstancePublicIp 失败"],
    ["cancelled", "quiet", "bindInstancePublicIp was cancelled", "bindInstancePublicIp 已取消"],
    ["deleted", "quiet", "bindInstancePublicIp was deleted", "bindInstancePublicIp 已删除"],
    ["overdue", "attention", "bindInstancePublicIp is overdue", "bindInstancePublicIp 超时未完成"],
    ["vanished", "attention", "bindInstancePublicIp vanished", "bindInstancePublicIp 已从接口消失"],
    ["unknown", "attention", "bindInstancePublicIp is now PAUSED", "bindInstancePublicIp 状态变为 PAUSED"],
  ] as const)("has a tone and a title for a task that is %s", (kind, tone, english, chinese) => {
    expect(cardOf(eventOf(kind), plainStyle)).toMatchObject({ tone, title: english });
    expect(cardOf(eventOf(kind), zh)).toMatchObject({ tone, title: chinese });
  });

  it("takes a title of the sink's own, on one line, after the prefix", () => {
    const card = cardOf(
      sampleEvent(),
      { ...plainStyle, titlePrefix: "[prod] " },
      { title: " It\n ended\u202e " },
    );
    expect(card.title).toBe("[prod] It ended");
    expect(card.plainText).toMatch(/^✅ \[prod\] It ended · /);
    expect(cardOf(sampleEvent(), plainStyle, { title: "x".repeat(500) }).title).toHaveLength(120);
  });

  it("takes lines of the sink's own in place of the facts", () => {
    const card = cardOf(sampleEvent(), plainStyle, { body: "\n one \r\n\n  two\u0000\n" });
    expect(card).toMatchObject({ body: ["one", "two\ufffd"], facts: [] });
    const long = cardOf(sampleEvent(), plainStyle, { body: "x".repeat(90).concat("\n").repeat(99) }).body;
    expect(long.join("\n").length).toBeLessThanOrEqual(1_000);
    expect(cardOf(sampleEvent(), plainStyle, { body: "x\n".repeat(99) }).body).toHaveLength(20);
  });

  it("stays as it is where the sink's own words are empty", () => {
    const style = plainStyle;
    expect(cardOf(sampleEvent(), style, { title: " ", body: "\n" })).toEqual(cardOf(sampleEvent(), style));
  });

  it("has a glyph of its own for every kind", () => {
    expect(new Set(kinds.map((kind) => cardOf(eventOf(kind), plainStyle).glyph)).size).toBe(kinds.length);
  });

  it.each([
    [0, "SUCCESS", "成功"],
    [400, "under 1 s", "不到 1 秒"],
    [65_000, "1 min 5 s", "1 分 5 秒"],
    [7_500_000, "2 h 5 min", "2 小时 5 分"],
    [7_200_000, "2 h", "2 小时"],
    [273_600_000, "3 d 4 h", "3 天 4 小时"],
  ])("tells how long %d ms are", (durationMs, english, chinese) => {
    const event = sampleEvent();
    const after = { ...event, data: { ...event.data, change: { ...event.data.change, durationMs } } };
    expect(cardOf(after, plainStyle).transition).toMatch(new RegExp(`(in |→ )${english}$`));
    if (durationMs > 0) expect(cardOf(after, zh).transition).toMatch(new RegExp(`用时 ${chinese}$`));
  });

  it.each([
    ["succeeded", 5_000, 4_000, "in 5 s, usually 4 s", "用时 5 秒，通常 4 秒"],
    ["failed", 7_999, 4_000, "in 8 s, usually 4 s", "用时 8 秒，通常 4 秒"],
    ["succeeded", 8_000, 4_000, "in 8 s, twice as long as usual (4 s)", "用时 8 秒，是通常（4 秒）的 2 倍"],
    [
      "overdue",
      10_000,
      4_000,
      "in 10 s, 2.5 times as long as usual (4 s)",
      "用时 10 秒，是通常（4 秒）的 2.5 倍",
    ],
    [
      "failed",
      99_000,
      4_000,
      "in 1 min 39 s, 24 times as long as usual (4 s)",
      "用时 1 分 39 秒，是通常（4 秒）的 24 倍",
    ],
    ["succeeded", 1_900, 0, "in 2 s, usually under 1 s", "用时 2 秒，通常 不到 1 秒"],
    ["executing", 9_000, 4_000, "in 9 s", "用时 9 秒"],
    ["cancelled", 9_000, 4_000, "in 9 s", "用时 9 秒"],
  ] as const)(
    "compares a task that has %s after %d ms with the usual %d ms",
    (kind, durationMs, usualMs, english, chinese) => {
      const event = eventOf(kind);
      const change = { ...event.data.change, durationMs, usualMs };
      const after = { ...event, data: { ...event.data, change } };
      const step = `EXECUTING → ${change.to} `;
      expect(cardOf(after, plainStyle).transition).toBe(`${step}${english}`);
      expect(cardOf(after, zh).transition).toBe(`${step}${chinese}`);
    },
  );

  it("says of a task that is overdue how long it is open, not when that was seen", () => {
    const event = eventOf("overdue");
    const change = { ...event.data.change, durationMs: 17_000 };
    expect(cardOf({ ...event, data: { ...event.data, change } }, plainStyle)).toMatchObject({
      transition: "EXECUTING → OVERDUE in 17 s",
      footer: "task t-0001",
    });
  });

  it("names no state before the first", () => {
    const event = eventOf("created");
    const first = { ...event, data: { ...event.data, change: { ...event.data.change, from: null } } };
    expect(cardOf(first, plainStyle).transition).toBe("CREATED in 5 s");
  });

  it("gives each parameter a line, and leaves out what is empty", () => {
    const params = { size: 3, zones: ["a", "b"], note: " ", "": "nameless", secret: "***" };
    const { facts } = cardOf(sampleEvent(1, { params, user: { id: null, name: null } }), plainStyle);
    expect(facts.slice(3)).toEqual([
      { label: "size", value: "3" },
      { label: "zones", value: '["a","b"]' },
      { label: "Parameters", value: "nameless" },
      { label: "secret", value: "***" },
    ]);
  });

  it("fills the fields of its links, encoded", () => {
    const links = { Console: "https://c.example/{region}?i={instance}&n={name}#/{task}" };
    const event = sampleEvent(1, { name: "a b&c=(d)|<e>\ud800" });
    expect(cardOf(event, { ...plainStyle, links }).links).toEqual([
      {
        label: "Console",
        url: "https://c.example/eu-west-101?i=i-0001&n=a%20b%26c%3D%28d%29%7C%3Ce%3E%EF%BF%BD#/t-0001",
      },
    ]);
  });

  it("puts every text on one line, without anything that hides or turns it", () => {
    const texts = fc.oneof(fc.constantFrom(...injections), fc.string({ unit: "binary", maxLength: 400 }));
    fc.assert(
      fc.property(texts, (text) => {
        const card = cardOf(foreignEvent(text), plainStyle);
        const all = [card.title, card.subtitle, card.transition, card.footer, card.plainText];
        const parts = [...all, ...card.facts.flatMap(({ label, value }) => [label, value])];
        expect(parts.join(" ")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
