import { describe, expect, it } from "vitest";
import { digestOf, withoutGroups } from "../../../lib/sinks/chat/digest.ts";
import { sampleEvents } from "../sample.ts";
import { eventOf, plainStyle } from "./sample.ts";

const mixed = [
  eventOf("succeeded", 1),
  eventOf("executing", 2),
  eventOf("failed", 3),
  eventOf("succeeded", 4),
];

/** The changes above, on instances of these names. */
const onInstances = (...names: readonly string[]) =>
  mixed.map((event, index) => ({
    ...event,
    data: { ...event.data, instance: { ...event.data.instance, name: names[index] ?? "" } },
  }));

describe("a digest", () => {
  it("counts the changes by kind and lists the most urgent first", () => {
    expect(digestOf(mixed, { ...plainStyle, titlePrefix: "[prod] " })).toEqual({
      tone: "failure",
      glyph: "❌",
      title: "[prod] 4 task changes: 1 failed, 2 succeeded, 1 running",
      subtitle: "i-0001 · RabbitMQ · eu-west-101",
      transition: "",
      body: [],
      facts: [
        { label: "❌ Bind public IP failed", value: "Took 5 s · li.wei · t-0003" },
        { label: "✅ Bind public IP succeeded", value: "Took 5 s · li.wei · t-0001" },
        { label: "✅ Bind public IP succeeded", value: "Took 5 s · li.wei · t-0004" },
        { label: "⏳ Bind public IP is running", value: "After 5 s · li.wei · t-0002" },
      ],
      hidden: 0,
      links: [],
      footer: "",
      plainText:
        "❌ [prod] 4 task changes: 1 failed, 2 succeeded, 1 running · i-0001 · RabbitMQ · eu-west-101",
    });
  });

  it("speaks Chinese", () => {
    const { title } = digestOf(mixed, { ...plainStyle, language: "zh" });
    expect(title).toBe("4 项任务变更：失败 1，成功 2，执行中 1");
  });

  it("groups the changes by instance, that of the most urgent change first", () => {
    const digest = digestOf(onInstances("orders", "billing", "billing", "orders"), plainStyle);
    expect(digest.facts.map(({ label, group }) => `${group} ${label}`)).toEqual([
      "billing · RabbitMQ · eu-west-101 ❌ Bind public IP failed",
      "billing · RabbitMQ · eu-west-101 ⏳ Bind public IP is running",
      "orders · RabbitMQ · eu-west-101 ✅ Bind public IP succeeded",
      "orders · RabbitMQ · eu-west-101 ✅ Bind public IP succeeded",
    ]);
    expect(digest.subtitle).toBe("billing · RabbitMQ · eu-west-101, orders · RabbitMQ · eu-west-101");
  });

  it("names the instance in each line for a platform that draws no groups", () => {
    const [first] = withoutGroups(digestOf(onInstances("a", "b", "c", "d"), plainStyle)).facts;
    expect(first).toEqual({
      label: "❌ Bind public IP failed",
      value: "c · Took 5 s · li.wei · t-0003",
    });
  });

  it("shortens long task ids to what tells them apart", () => {
    const [{ value } = { value: "" }] = digestOf(
      [eventOf("failed", 1, { id: "ff80808272dcc90f0172df1e00000067" })],
      plainStyle,
    ).facts;
    expect(value).toMatch(/ · 000067$/);
  });

  it("lists forty changes and counts the rest", () => {
    const digest = digestOf(sampleEvents(50), plainStyle);
    expect([digest.facts.length, digest.hidden]).toEqual([40, 10]);
  });
});
