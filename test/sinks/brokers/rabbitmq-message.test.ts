import { describe, expect, it } from "vitest";
import { eventId } from "../../../lib/core/names.ts";
import { messageProperties } from "../../../lib/sinks/brokers/rabbitmq-message.ts";
import { sampleEvent } from "../sample.ts";

describe("a message's id", () => {
  it("is the event's", () => expect(messageProperties(sampleEvent()).messageId).toBe(sampleEvent().id));

  it("is a hash where the event's has more than 255 bytes", () => {
    const idOf = (id: string) => messageProperties({ ...sampleEvent(), id: eventId(id) }).messageId;
    expect(idOf("x".repeat(255))).toBe("x".repeat(255));
    expect(idOf("é".repeat(128))).toMatch(/^[0-9a-f]{64}$/);
    expect(idOf("x".repeat(256))).not.toBe(idOf("x".repeat(257)));
  });
});
