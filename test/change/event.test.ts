import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toEvent } from "../../lib/change/event.ts";
import { eventJsonSchema } from "../../lib/change/event-schema.ts";
import { createdMs, sampleTask } from "./sample.ts";

const stream = { engine: "rabbitmq", region: "cn-north-4", projectId: "p1", instanceId: "i1" } as const;
const context = {
  stream,
  source: "https://dms.cn-north-4.myhuaweicloud.com/v2/p1/instances/i1",
  instanceName: "orders",
  observedAtMs: createdMs + 4_000,
};
const validate = new Ajv2020({ formats: { "date-time": true, uri: true } }).compile(eventJsonSchema);

describe("an event", () => {
  it("states a change as a CloudEvent", () => {
    const params = '{"enable_public_ip":true,"password":"hunter2"}';
    const task = sampleTask({ status: "SUCCESS", params, updatedAtMs: createdMs + 5_000 });
    expect(toEvent({ task, from: "EXECUTING", to: "SUCCESS" }, context)).toEqual({
      specversion: "1.0",
      id: `i1/${task.id}/SUCCESS/${createdMs + 5_000}`,
      source: context.source,
      type: "com.huaweicloud.dms.task.succeeded",
      subject: task.id,
      time: "2026-01-01T12:00:05.000Z",
      datacontenttype: "application/json",
      dataschema: "urn:dms-task-bridge:schema:task-event:1",
      partitionkey: task.id,
      data: {
        task: {
          id: task.id,
          name: "bindInstancePublicIp",
          status: "SUCCESS",
          params: { enable_public_ip: true, password: "***" },
          user: { id: "u1", name: "alice" },
          createdAt: "2026-01-01T12:00:00.000Z",
          updatedAt: "2026-01-01T12:00:05.000Z",
        },
        change: {
          from: "EXECUTING",
          to: "SUCCESS",
          durationMs: 5_000,
          observedAt: "2026-01-01T12:00:04.000Z",
        },
        instance: { ...stream, name: "orders" },
      },
    });
  });

  it("says how long such a task usually takes, where that is known", () => {
    const change = { task: sampleTask({ status: "SUCCESS" }), from: null, to: "SUCCESS" };
    const { data } = toEvent(change, { ...context, usualMs: 1_500 });
    expect(data.change).toMatchObject({ durationMs: 1_000, usualMs: 1_500 });
    expect(validate(toEvent(change, { ...context, usualMs: 0 })), JSON.stringify(validate.errors)).toBe(true);
    expect(toEvent(change, { ...context, usualMs: null }).data.change).not.toHaveProperty("usualMs");
  });

  it.each(["OVERDUE", "VANISHED"])("of %s lasts until it was seen, since no update tells of it", (to) => {
    const change = { task: sampleTask(), from: "EXECUTING", to };
    expect(toEvent(change, context).data.change.durationMs).toBe(4_000);
  });

  it.each([
    ["CREATED", "created"],
    ["EXECUTING", "executing"],
    ["SUCCESS", "succeeded"],
    ["FAILED", "failed"],
    ["CANCELLED", "cancelled"],
    ["DELETED", "deleted"],
    ["OVERDUE", "overdue"],
    ["VANISHED", "vanished"],
    ["PAUSED", "unknown"],
    ["toString", "unknown"],
  ])("of a task that comes to %s has type %s", (to, kind) => {
    const event = toEvent({ task: sampleTask({ status: to }), from: null, to }, context);
    expect(event.type).toBe(`com.huaweicloud.dms.task.${kind}`);
  });

  it("keeps an odd status out of its id's grammar", () => {
    const event = toEvent({ task: sampleTask(), from: null, to: "A/B.C\r\n" }, context);
    expect(event.id).toMatch(/^i1\/[0-9a-f]+\/A%2FB%2EC%0D%0A\/\d+$/);
  });

  const tasks = fc.record({
    name: fc.string(),
    status: fc.string({ minLength: 1 }),
    params: fc.option(fc.oneof(fc.string(), fc.json())),
    updatedAtMs: fc.integer({ min: 0, max: 4e12 }),
  });

  it("fits its published schema, has the same bytes when stored and read back, and an id without clock or chance", () => {
    fc.assert(
      fc.property(tasks, fc.nat(), (parts, laterMs) => {
        const change = { task: sampleTask(parts), from: null, to: parts.status };
        const event = toEvent(change, context);
        const text = JSON.stringify(event);
        expect(JSON.stringify(JSON.parse(text))).toBe(text);
        expect(validate(JSON.parse(text)), JSON.stringify(validate.errors)).toBe(true);
        expect(toEvent(change, { ...context, observedAtMs: laterMs }).id).toBe(event.id);
      }),
    );
  });
});
