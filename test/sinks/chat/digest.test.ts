import { describe, expect, it } from "vitest";
import { digestOf } from "../../../lib/sinks/chat/digest.ts";
import { sampleEvents } from "../sample.ts";
import { eventOf, plainStyle } from "./sample.ts";

const mixed = [
  eventOf("succeeded", 1),
  eventOf("executing", 2),
  eventOf("failed", 3),
  eventOf("succeeded", 4),
];

describe("a digest", () => {
  it("counts the changes by kind and lists the most urgent first", () => {
    expect(digestOf(mixed, { ...plainStyle, titlePrefix: "[prod] " })).toEqual({
      tone: "failure",
      glyph: "❌",
      title: "[prod] 4 task changes: 1 failed, 2 succeeded, 1 running",
      subtitle: "rabbitmq · i-0001",
      transition: "",
      body: [],
      facts: [
        { label: "❌ bindInstancePublicIp failed", value: "EXECUTING → FAILED in 5 s · task t-0003" },
        { label: "✅ bindInstancePublicIp succeeded", value: "EXECUTING → SUCCESS in 5 s · task t-0001" },
        { label: "✅ bindInstancePublicIp succeeded", value: "EXECUTING → SUCCESS in 5 s · task t-0004" },
        { label: "⏳ bindInstancePublicIp is running", value: "EXECUTING → EXECUTING in 5 s · task t-0002" },
      ],
      hidden: 0,
      links: [],
      footer: "",
      plainText: "❌ [prod] 4 task changes: 1 failed, 2 succeeded, 1 running · rabbitmq · i-0001",
    });
  });

  it("speaks Chinese", () => {
    const { title } = digestOf(mixed, { ...plainStyle, language: "zh" });
    expect(title).toBe("4 项任务变更：失败 1，已成功 2，执行中 1");
  });

  it("names the instance of each line where there are several", () => {
    const [first, second] = mixed.map((event, index) => ({
      ...event,
      data: { ...event.data, instance: { ...event.data.instance, name: `orders-${index}` } },
    }));
    if (!first || !second) throw new Error("expected two events");
    const digest = digestOf([first, second], plainStyle);
    expect(digest.subtitle).toBe("rabbitmq · orders-0, rabbitmq · orders-1");
    expect(digest.facts[0]?.value).toBe("orders-0 · EXECUTING → SUCCESS in 5 s · task t-0001");
  });

  it("lists forty changes and counts the rest", () => {
    const digest = digestOf(sampleEvents(50), plainStyle);
    expect([digest.facts.length, digest.hidden]).toEqual([40, 10]);
  });
});
