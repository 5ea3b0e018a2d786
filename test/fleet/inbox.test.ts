import { describe, expect, it } from "vitest";
import { eventIn } from "../../lib/fleet/inbox.ts";
import { parseExactJson } from "../../lib/text/json.ts";
import { sampleEvent } from "../sinks/sample.ts";

const event = sampleEvent(1, { params: parseExactJson('{"offset":9223372036854775807,"ratio":0.10}') });
const text = JSON.stringify(event);

describe("eventIn", () => {
  it.each([
    ["bare, as the sqs sink and raw message delivery send it", text],
    [
      "in SNS's envelope",
      JSON.stringify({ Type: "Notification", MessageId: "m", TopicArn: "t", Message: text }),
    ],
    [
      "in EventBridge's",
      JSON.stringify({ version: "0", id: "e", "detail-type": event.type, source: "dms", detail: event }),
    ],
  ])("finds the event %s, with its keys in their order", (_, body) => {
    expect(JSON.stringify(eventIn(body))).toBe(text);
  });

  it("keeps fields that a later version has added", () => {
    const later = { ...event, data: { ...event.data, extra: 1 }, later: true };
    expect(eventIn(JSON.stringify(later))).toEqual(later);
  });

  const { instance } = event.data;
  it.each([
    "",
    "hello",
    "null",
    "[]",
    "{}",
    JSON.stringify({ ...event, specversion: "0.3" }),
    JSON.stringify({ ...event, id: "" }),
    JSON.stringify({ ...event, data: null }),
    JSON.stringify({ ...event, data: { ...event.data, instance: { ...instance, engine: "nats" } } }),
    JSON.stringify({ Type: "SubscriptionConfirmation", Message: text }),
    JSON.stringify({ Type: "Notification", Message: "hello" }),
    JSON.stringify({ "detail-type": "x", detail: "hello" }),
  ])("finds none in %s", (body) => {
    expect(eventIn(body)).toBeNull();
  });
});
