import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCheckpoint, encodeCheckpoint } from "../../lib/checkpoint/codec.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { StoreError } from "../../lib/core/errors.ts";
import { streamKey } from "../../lib/core/names.ts";
import { parseExactJson } from "../../lib/text/json.ts";
import { sealed } from "../../lib/text/seal.ts";
import { anyCheckpoint, entry, key, stream } from "./sample.ts";

/** A record that was written so, by someone else. */
function record(over: object): string {
  const { sum, ...row } = JSON.parse(encodeCheckpoint(key, begin("all", 0, 0)));
  expect(sum).toMatch(/^[0-9a-f]{32}$/);
  return sealed(JSON.stringify({ ...row, ...over }));
}

describe("a stored record", () => {
  it("reads back as it was written", () => {
    fc.assert(
      fc.property(anyCheckpoint, (checkpoint) => {
        expect(decodeCheckpoint(key, encodeCheckpoint(key, checkpoint))).toEqual(checkpoint);
      }),
    );
  });

  it("has its events again to the byte, so that a retry sends what the first attempt sent", () => {
    const first = entry(1, "t1");
    const { data } = first.event;
    const params = parseExactJson('{"offset":9223372036854775807,"ratio":0.10}');
    const event = { ...first.event, data: { ...data, task: { ...data.task, params } } };
    const checkpoint = { ...begin("all", 0, 0), outbox: [{ ...first, event }] };
    const { outbox } = decodeCheckpoint(key, encodeCheckpoint(key, checkpoint));
    expect(JSON.stringify(outbox[0]?.event)).toBe(JSON.stringify(checkpoint.outbox[0]?.event));
  });

  it("with any of its bits flipped is corrupt", () => {
    const bytes = Buffer.from(encodeCheckpoint(key, { ...begin("all", 0, 0), outbox: [entry(1, "t1")] }));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (place, bit) => {
        const flipped = Buffer.from(bytes);
        flipped[place] = (flipped[place] ?? 0) ^ (1 << bit);
        expect(() => decodeCheckpoint(key, flipped.toString("utf8"))).toThrow(/does not match its checksum/);
      }),
      { numRuns: 1_000 },
    );
  });

  it("of a newer format is refused with the way out", () => {
    expect(() => decodeCheckpoint(key, record({ format: 2 }))).toThrow(/format 2.*upgrade/);
  });

  it.each([
    ["no JSON", "{"],
    ["empty", ""],
    ["null", "null"],
    ["an array", "[]"],
    ["without its checksum", encodeCheckpoint(key, begin("all", 0, 0)).replace(/"sum":"\w+",/, "")],
    ["cut off", encodeCheckpoint(key, begin("all", 0, 0)).slice(0, -20)],
    ["without a part", record({ outbox: undefined })],
    ["with a wrong part", record({ watermarkMs: "soon" })],
    ["with a wrong reference", record({ messages: [["t1", [["ops", 1]]]] })],
    ["with a foreign part", record({ extra: 1 })],
    [
      "with an event that is none",
      record({ outbox: [{ sequence: 1, event: {}, committedAtMs: 0, pending: [] }] }),
    ],
  ])("that is %s is corrupt, never empty", (_, text) => {
    expect(() => decodeCheckpoint(key, text)).toThrow(
      expect.objectContaining({ code: "STORE_FAILED", reason: "corrupt" }),
    );
  });

  it("says where it is damaged", () => {
    expect(() => decodeCheckpoint(key, record({ watermarkMs: "soon" }))).toThrow("damaged at watermarkMs");
    expect(() => decodeCheckpoint(key, "{")).toThrow("does not match its checksum");
  });

  it("of another stream is refused, and says whose it is", () => {
    const other = streamKey({ ...stream, instanceId: "i2" });
    expect(() => decodeCheckpoint(other, record({}))).toThrow(
      new StoreError("corrupt", `the record of another stream: ${key}`),
    );
  });

  it("of any other text is refused as corrupt", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => decodeCheckpoint(key, text)).toThrow(StoreError);
      }),
    );
  });
});
