import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wordsIn } from "../../lib/text/words.ts";

const instance = "8d1c7a52-0b9e-4c1d-9d6a-5e1f7a2b3c4d";

describe("the words of an event", () => {
  it.each([
    ["a CTS trace", { cts: { trace: { service_type: "DMS", resource_id: instance } } }],
    [
      "an SNS message with JSON as text",
      { Records: [{ Sns: { Message: JSON.stringify({ detail: { id: instance } }) } }] },
    ],
    ["a resource's name", { resources: [`urn:dms:cn-north-4:instance/${instance}`] }],
    ["a bare text", instance],
  ])("name the instance in %s", (_, event) => {
    expect(wordsIn(event).has(instance)).toBe(true);
  });

  it("are found in any JSON without an error, and are bounded", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (event) => {
        expect(wordsIn(event).size).toBeLessThan(30_000);
      }),
    );
    const nested = Array.from({ length: 50 }).reduce<unknown>(
      (inner) => JSON.stringify([inner]).slice(0, 10_000),
      instance,
    );
    expect(wordsIn(nested).size).toBeLessThan(30_000);
  });
});
