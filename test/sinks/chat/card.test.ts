import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cardOf } from "../../../lib/sinks/chat/card.ts";
import { anyCharacter } from "../../harness/any-character.ts";
import { withoutVisibleSigns } from "../../text/visible-signs.ts";
import { sampleEvent } from "../sample.ts";
import { eventOf, foreignEvent, injections, kinds, plainStyle } from "./sample.ts";

const zh = { ...plainStyle, language: "zh", timeZone: "Asia/Shanghai" } as const;

describe("the card of a change", () => {
  it("says in English what became of the task", () => {
    expect(cardOf(sampleEvent(), { ...plainStyle, titlePrefix: "[prod] " })).toEqual({
      tone: "success",
      glyph: "✅",
      title: "[prod] Bind public IP succeeded · i-0001",
      subtitle: "RabbitMQ · eu-west-101",
      transition: "Took 5 s",
      body: [],
      facts: [
        { label: "Operator", value: "li.wei" },
        { label: "Started", value: "2025-12-31 23:59:55 UTC", atMs: Date.UTC(2025, 11, 31, 23, 59, 55) },
        { label: "Changed", value: "2026-01-01 00:00:00 UTC", atMs: Date.UTC(2026, 0, 1) },
        { label: "public_ip", value: "203.0.113.9" },
      ],
      hidden: 0,
      links: [],
      footer: "bindInstancePublicIp · task t-0001 · seen 12 s later",
      plainText: "✅ [prod] Bind public IP succeeded · i-0001 · RabbitMQ · eu-west-101 · Took 5 s",
    });
  });

  it("says it in Chinese, with the times of the sink's zone", () => {
    expect(cardOf(eventOf("failed"), zh)).toEqual({
      tone: "failure",
      glyph: "❌",
      title: "绑定公网 IP 失败 · i-0001",
      subtitle: "RabbitMQ · eu-west-101",
      transition: "用时 5 秒",
      body: [],
      facts: [
        { label: "操作人", value: "li.wei" },
        { label: "开始", value: "2026-01-01 07:59:55 UTC+8", atMs: Date.UTC(2025, 11, 31, 23, 59, 55) },
        { label: "变更", value: "2026-01-01 08:00:00 UTC+8", atMs: Date.UTC(2026, 0, 1) },
        { label: "public_ip", value: "203.0.113.9" },
      ],
      hidden: 0,
      links: [],
      footer: "bindInstancePublicIp · 任务 t-0001 · 12 秒后发现",
      plainText: "❌ 绑定公网 IP 失败 · i-0001 · RabbitMQ · eu-west-101 · 用时 5 秒",
    });
  });

  it.each([
    ["created", "running", "Bind public IP was created", "绑定公网 IP 已创建"],
    ["executing", "running", "Bind public IP is running", "绑定公网 IP 执行中"],
    ["succeeded", "success", "Bind public IP succeeded", "绑定公网 IP 成功"],
    ["failed", "failure", "Bind public IP failed", "绑定公网 IP 失败"],
    ["cancelled", "quiet", "Bind public IP was cancelled", "绑定公网 IP 已取消"],
    ["deleted", "quiet", "Bind public IP was deleted", "绑定公网 IP 已删除"],
    ["overdue", "attention", "Bind public IP is overdue", "绑定公网 IP 超时未完成"],
    ["vanished", "attention", "Bind public IP vanished", "绑定公网 IP 已从接口消失"],
    ["unknown", "attention", "Bind public IP is now PAUSED", "绑定公网 IP 状态变为 PAUSED"],
  ] as const)("has a tone and a title for a task that is %s", (kind, tone, english, chinese) => {
    expect(cardOf(eventOf(kind), plainStyle)).toMatchObject({ tone, title: `${english} · i-0001` });
    expect(cardOf(eventOf(kind), zh)).toMatchObject({ tone, title: `${chinese} · i-0001` });
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
    [400, "under 1 s", "不到 1 秒"],
    [65_000, "1 min 5 s", "1 分 5 秒"],
    [7_500_000, "2 h 5 min", "2 小时 5 分"],
    [7_200_000, "2 h", "2 小时"],
    [273_600_000, "3 d 4 h", "3 天 4 小时"],
  ])("tells how long %d ms are", (durationMs, english, chinese) => {
    const event = sampleEvent();
    const after = { ...event, data: { ...event.data, change: { ...event.data.change, durationMs } } };
    expect(cardOf(after, plainStyle).transition).toBe(`Took ${english}`);
    expect(cardOf(after, zh).transition).toBe(`用时 ${chinese}`);
  });

  it.each([
    ["succeeded", 5_000, 4_000, "Took 5 s, usually 4 s", "用时 5 秒，通常 4 秒"],
    ["failed", 7_999, 4_000, "Took 8 s, usually 4 s", "用时 8 秒，通常 4 秒"],
    ["succeeded", 8_000, 4_000, "Took 8 s, twice as long as usual (4 s)", "用时 8 秒，是通常（4 秒）的 2 倍"],
    [
      "failed",
      99_000,
      4_000,
      "Took 1 min 39 s, 24 times as long as usual (4 s)",
      "用时 1 分 39 秒，是通常（4 秒）的 24 倍",
    ],
    ["succeeded", 1_900, 0, "Took 2 s, usually under 1 s", "用时 2 秒，通常 不到 1 秒"],
    ["executing", 9_000, 4_000, "After 9 s · was Running", "创建后 9 秒 · 原状态：执行中"],
    ["cancelled", 9_000, 4_000, "After 9 s · was Running", "创建后 9 秒 · 原状态：执行中"],
  ] as const)(
    "compares a task that has %s after %d ms with the usual %d ms",
    (kind, durationMs, usualMs, english, chinese) => {
      const event = eventOf(kind);
      const change = { ...event.data.change, durationMs, usualMs };
      const after = { ...event, data: { ...event.data, change } };
      expect(cardOf(after, plainStyle).transition).toBe(english);
      expect(cardOf(after, zh).transition).toBe(chinese);
    },
  );

  it("says of a task that is overdue how long it is open, not when that was seen", () => {
    const event = eventOf("overdue");
    const change = { ...event.data.change, durationMs: 10_000, usualMs: 4_000 };
    const after = { ...event, data: { ...event.data, change } };
    expect(cardOf(after, plainStyle)).toMatchObject({
      transition: "Open for 10 s, 2.5 times as long as usual (4 s)",
      footer: "bindInstancePublicIp · task t-0001 · seen 7 s later",
    });
    expect(cardOf(after, zh).transition).toBe("已进行 10 秒，是通常（4 秒）的 2.5 倍");
  });

  it("says of a task that vanished what is known of it, not that it has a status of that name", () => {
    const event = eventOf("vanished", 1, { status: "EXECUTING" });
    expect(cardOf(event, plainStyle).transition).toBe("No longer listed by the API; last status: Running");
  });

  it.each(kinds.filter((kind) => kind !== "created"))("says once that a task is %s", (kind) => {
    const event = eventOf(kind);
    const changed = { ...event, data: { ...event.data, change: { ...event.data.change, from: "CREATED" } } };
    for (const style of [plainStyle, zh]) {
      const { title, transition } = cardOf(changed, style);
      const outcome = title.split(" · ")[0]?.split(" ").at(-1) ?? "";
      expect(transition.toLowerCase().split(/[ ：]/)).not.toContain(outcome.toLowerCase());
    }
  });

  it.each(["unreadable", "recovered"] as const)(
    "says how long the tasks of an instance that is %s could not be read",
    (kind) => {
      expect(cardOf(eventOf(kind), plainStyle).transition).toBe("Outage of 5 s");
      expect(cardOf(eventOf(kind), zh).transition).toBe("已中断 5 秒");
    },
  );

  it("shows a status that it does not know as it is", () => {
    const event = eventOf("unknown");
    const resumed = { ...event, data: { ...event.data, change: { ...event.data.change, from: "PAUSED" } } };
    expect(cardOf(event, plainStyle).title).toBe("Bind public IP is now PAUSED · i-0001");
    expect(cardOf(resumed, plainStyle).transition).toBe("After 5 s · was PAUSED");
  });

  it("shows a task's name that it does not know as it is, and no second time", () => {
    const card = cardOf(sampleEvent(1, { name: "constructor" }), plainStyle);
    expect(card.title).toBe("constructor succeeded · i-0001");
    expect(card.footer).toBe("task t-0001 · seen 12 s later");
  });

  it("names an instance by its name in the title, and by its id in the facts", () => {
    const event = sampleEvent();
    const instance = { ...event.data.instance, name: "orders" };
    const card = cardOf({ ...event, data: { ...event.data, instance } }, plainStyle);
    expect(card.title).toBe("Bind public IP succeeded · orders");
    expect(card.facts.at(3)).toEqual({ label: "Instance", value: "i-0001" });
  });

  it.each([
    ["cn-north-4", "kafka", "https://console.huaweicloud.com/dms/?engine=kafka&region=cn-north-4"],
    ["la-north-2", "rocketmq", "https://console-intl.huaweicloud.com/dms/?engine=rocketmq&region=la-north-2"],
  ])("links to Huawei Cloud's console of %s unless links are set", (region, engine, url) => {
    const event = sampleEvent();
    const instance = { ...event.data.instance, region, engine };
    const there = {
      ...event,
      source: `https://dms.${region}.myhuaweicloud.com/v2/p/instances/i`,
      data: { ...event.data, instance },
    };
    const { links: _, ...style } = plainStyle;
    expect(cardOf(there, style).links).toEqual([{ label: "Console", url }]);
    expect(cardOf({ ...there, source: "http://127.0.0.1:9/v2/p" }, style).links).toEqual([]);
    expect(cardOf(there, plainStyle).links).toEqual([]);
  });

  it("names no state before the first", () => {
    const event = eventOf("created");
    const first = { ...event, data: { ...event.data, change: { ...event.data.change, from: null } } };
    expect(cardOf(first, plainStyle).transition).toBe("After 5 s");
    const { change } = first.data;
    const atOnce = { ...first, data: { ...first.data, change: { ...change, durationMs: 0 } } };
    expect(cardOf(atOnce, plainStyle).transition).toBe("First seen");
    expect(cardOf(atOnce, zh).transition).toBe("首次发现");
  });

  it("gives each parameter a line, and leaves out what is empty", () => {
    const params = { size: 3, zones: ["a", "b"], note: " ", "": "nameless", secret: "***" };
    const { facts } = cardOf(sampleEvent(1, { params, user: { id: null, name: null } }), plainStyle);
    expect(facts.slice(2)).toEqual([
      { label: "size", value: "3" },
      { label: "zones", value: "a, b" },
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
    const texts = fc.oneof(fc.constantFrom(...injections), fc.string({ unit: anyCharacter, maxLength: 400 }));
    fc.assert(
      fc.property(texts, (text) => {
        const card = cardOf(foreignEvent(text), plainStyle);
        const all = [card.title, card.subtitle, card.transition, card.footer, card.plainText];
        const parts = [...all, ...card.facts.flatMap(({ label, value }) => [label, value])];
        expect(withoutVisibleSigns(parts.join(" "))).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
