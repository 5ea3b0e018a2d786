import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventId } from "../../../lib/core/names.ts";
import {
  batchMessage,
  binaryMessage,
  headerValue,
  structuredMessage,
} from "../../../lib/sinks/http/cloudevents.ts";
import { sampleEvent, sampleEvents } from "../sample.ts";

describe("a structured message", () => {
  it("holds the whole event in its body", () => {
    const { headers, body, id } = structuredMessage(sampleEvent());
    expect(headers).toEqual({ "content-type": "application/cloudevents+json; charset=utf-8" });
    expect(JSON.parse(body)).toEqual(sampleEvent());
    expect(id).toBe(sampleEvent().id);
  });
});

describe("a binary message", () => {
  it("holds the data in its body and every other attribute in its headers", () => {
    const event = sampleEvent();
    const { headers, body, id } = binaryMessage(event);
    expect(JSON.parse(body)).toEqual(event.data);
    expect(id).toBe(event.id);
    expect(headers).toEqual({
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-id": event.id,
      "ce-source": event.source,
      "ce-type": event.type,
      "ce-subject": event.subject,
      "ce-time": event.time,
      "ce-dataschema": event.dataschema,
      "ce-partitionkey": event.partitionkey,
    });
  });

  it("encodes attributes that no header may hold", () => {
    const { headers } = binaryMessage({ ...sampleEvent(), subject: "绑定\r\nx-forged: 1" });
    expect(headers["ce-subject"]).toBe("%E7%BB%91%E5%AE%9A%0D%0Ax-forged:%201");
  });
});

describe("a batch message", () => {
  it("holds the events in their order", () => {
    const events = sampleEvents(3);
    const { headers, body } = batchMessage(events);
    expect(headers).toEqual({ "content-type": "application/cloudevents-batch+json; charset=utf-8" });
    expect(JSON.parse(body)).toEqual(events);
  });

  it("has an id that depends on its events alone", () => {
    const events = sampleEvents(3);
    const { id } = batchMessage(events);
    expect(id).toMatch(/^batch-[0-9a-f]{32}$/);
    expect(batchMessage(events.toReversed()).id).toBe(id);
    expect(batchMessage(events.slice(1)).id).not.toBe(id);
  });
});

describe("a webhook id", () => {
  it("is the event's id, which is not encoded a second time", () => {
    const id = eventId("i-1/t-1/HALF%2EWAY%20%E4%B8%AD/1");
    expect(structuredMessage({ ...sampleEvent(), id }).id).toBe(id);
  });

  it("holds no dot and nothing that a header may not hold", () => {
    const id = eventId("i-1/t-1/HALF.WAY 中/1");
    expect(structuredMessage({ ...sampleEvent(), id }).id).toBe("i-1/t-1/HALF%2EWAY%20%E4%B8%AD/1");
  });
});

describe("a header value", () => {
  it("is the binding's own example", () => {
    expect(headerValue("Euro € 😀")).toBe("Euro%20%E2%82%AC%20%F0%9F%98%80");
  });

  it("is printable ASCII that decodes to the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(headerValue(text)).toMatch(/^[\x21\x23-\x7e]*$/);
        expect(decodeURIComponent(headerValue(text))).toBe(text);
      }),
    );
  });

  it("survives a broken surrogate", () => {
    expect(headerValue("a\ud800b")).toBe("a%EF%BF%BDb");
  });
});
