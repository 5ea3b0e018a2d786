import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCheckpoint, encodeCheckpoint } from "../../lib/checkpoint/codec.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { StoreError } from "../../lib/core/errors.ts";
import { parseExactJson } from "../../lib/text/json.ts";
import { anyCheckpoint, entry } from "./sample.ts";

const record = (over: object): string =>
  JSON.stringify({ ...JSON.parse(encodeCheckpoint(begin("all", 0, 0))), ...over });

describe("a stored record", () => {
  it("reads back as it was written", () => {
    fc.assert(
      fc.property(anyCheckpoint, (checkpoint) => {
        expect(decodeCheckpoint(encodeCheckpoint(checkpoint))).toEqual(checkpoint);
      }),
    );
  });

  it("has its events again to the byte, so that a retry sends what the first attempt sent", () => {
    const first = entry(1, "t1");
    const { data } = first.event;
    const params = parseExactJson('{"offset":9223372036854775807,"ratio":0.10}');
    const event = { ...first.event, data: { ...data, task: { ...data.task, params } } };
    const checkpoint = { ...begin("all", 0, 0), outbox: [{ ...first, event }] };
    const { outbox } = decodeCheckpoint(encodeCheckpoint(checkpoint));
    expect(JSON.stringify(outbox[0]?.event)).toBe(JSON.stringify(checkpoint.outbox[0]?.event));
  });

  it("from before there were references to messages reads as one without any", () => {
    const text = encodeCheckpoint(begin("all", 0, 0));
    expect(text).not.toContain("messages");
    expect(decodeCheckpoint(text).messages.size).toBe(0);
  });

  it("from before durations were kept has none", () => {
    expect(decodeCheckpoint(record({ durations: undefined })).durations).toEqual(new Map());
  });

  it("is written in the oldest form that holds it, so that a rollback reads what it can", () => {
    const plain = begin("all", 0, 0);
    const timed = { ...plain, durations: new Map([["restart", [5_000]]]) };
    const formatOf = (checkpoint: typeof plain) => JSON.parse(encodeCheckpoint(checkpoint)).format;
    expect([formatOf(plain), formatOf(timed)]).toEqual([1, 2]);
  });

  it("of a newer format is refused with the way out", () => {
    expect(() => decodeCheckpoint(record({ format: 3 }))).toThrow(/format 3.*upgrade/);
  });

  it.each([
    ["no JSON", "{"],
    ["empty", ""],
    ["null", "null"],
    ["an array", "[]"],
    ["without a part", record({ outbox: undefined })],
    ["with a wrong part", record({ watermarkMs: "soon" })],
    ["with a wrong reference", record({ messages: [["t1", [["ops", 1]]]] })],
    ["with a foreign part", record({ extra: 1 })],
    [
      "with an event that is none",
      record({ outbox: [{ sequence: 1, event: {}, committedAtMs: 0, owed: [] }] }),
    ],
  ])("that is %s is corrupt, never empty", (_, text) => {
    expect(() => decodeCheckpoint(text)).toThrow(
      expect.objectContaining({ code: "STORE_FAILED", reason: "corrupt" }),
    );
  });

  it("says where it is damaged", () => {
    expect(() => decodeCheckpoint(record({ watermarkMs: "soon" }))).toThrow("damaged at watermarkMs");
    expect(() => decodeCheckpoint("null")).toThrow("damaged at its root");
    expect(() => decodeCheckpoint("{")).toThrow("no JSON");
  });

  it("of any other text is refused as corrupt", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => decodeCheckpoint(text)).toThrow(StoreError);
      }),
    );
  });
});
