import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { namesIn } from "../../lib/text/names-in.ts";

const instance = "8d1c7a52-0b9e-4c1d-9d6a-5e1f7a2b3c4d";
const names = new Set([instance, "another"]);

describe("the names in an event", () => {
  it.each([
    ["a CTS trace", { cts: { trace: { service_type: "DMS", resource_id: instance } } }],
    [
      "an SNS message with JSON as text",
      { Records: [{ Sns: { Message: JSON.stringify({ detail: { id: instance } }) } }] },
    ],
    ["a resource's name", { resources: [`urn:dms:cn-north-4:instance/${instance}`] }],
    ["a bare text", instance],
    [
      "the last of 10,000 records of many words",
      [...Array.from({ length: 10_000 }, (_, index) => `a-${index} b-${index} c-${index}`), instance],
    ],
  ])("are found in %s", (_, event) => {
    expect(namesIn(event, names)).toEqual(new Set([instance]));
  });

  it("are whole words: a longer word that begins with one is another name", () => {
    expect(namesIn([`${instance}-copy`, `x${instance}`, "anothe"], names)).toEqual(new Set());
  });

  it("are found in any JSON without an error, and are none but those asked for", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (event) => {
        expect(namesIn({ event, instance }, names).isSubsetOf(names)).toBe(true);
      }),
    );
    const nested = Array.from({ length: 50 }).reduce<unknown>(
      (inner) => JSON.stringify([inner]).slice(0, 10_000),
      instance,
    );
    expect(namesIn(nested, names).isSubsetOf(names)).toBe(true);
    expect(namesIn("[".repeat(1_048_576), names)).toEqual(new Set());
  });
});
