import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filledTopic, placeholders, sampleTopic } from "../../../lib/sinks/brokers/topic.ts";
import { anyCharacter } from "../../harness/any-character.ts";
import { sampleEvent } from "../sample.ts";

const all = placeholders.split(", ").join("/");

describe("a topic's template", () => {
  it("is filled with what an event says", () => {
    expect(placeholders).toBe("{engine}, {region}, {instance}, {task}, {name}, {status}");
    expect(filledTopic(`dms/${all}`, sampleEvent())).toBe(
      "dms/rabbitmq/eu-west-101/i-0001/t-0001/bindInstancePublicIp/SUCCESS",
    );
  });

  it.each([
    ["dms.{engine}.{status}", "dms.x.x"],
    ["dms", "dms"],
    ["{task}{task}", "xx"],
    ["{nobody}", null],
    ["{toString}", null],
    ["{task", null],
    ["task}", null],
    ["{}", null],
  ])("%s reads %s with a letter for each placeholder", (template, sample) => {
    expect(sampleTopic(template)).toBe(sample);
  });

  it("keeps its parts apart, whatever a task is called", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), fc.string({ unit: anyCharacter }), (name, id) => {
        const event = { ...sampleEvent(1, { name }), subject: id };
        expect(filledTopic("{name}.{task}", event)).toMatch(/^[\w-]+\.[\w-]+$/);
      }),
    );
  });
});
