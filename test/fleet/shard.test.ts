import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { engines } from "../../lib/core/names.ts";
import { parseShard, type ShardStream, shardsOf, shardText } from "../../lib/fleet/shard.ts";
import { anyCharacter } from "../harness/any-character.ts";

const part = fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/);
const plain = { noNullPrototype: true };
const model = {
  stream: fc.record(
    {
      engine: fc.constantFrom(...engines),
      region: fc.constantFrom("cn-north-4", "eu-west-101"),
      projectId: fc.constantFrom("p1", "p2"),
      instanceId: part,
    },
    plain,
  ),
  name: fc.option(
    fc.string({ unit: anyCharacter }).map((name) => name.toWellFormed().replace(/[\ufffe\uffff]/g, "")),
  ),
};
const shardStream: fc.Arbitrary<ShardStream> = fc.record(model, plain);
const texts = (streams: readonly ShardStream[]) => streams.map((each) => JSON.stringify(each)).toSorted();

describe("shards", () => {
  it("hold each stream once, of one source, and no more than so many", () => {
    fc.assert(
      fc.property(fc.array(shardStream), fc.integer({ min: 1, max: 7 }), (streams, size) => {
        const shards = shardsOf(streams, size);
        expect(texts(shards.flat())).toEqual(texts(streams));
        for (const shard of shards) {
          expect(shard.length).toBeLessThanOrEqual(size);
          const sources = shard.map(
            ({ stream: { engine, region, projectId } }) => engine + region + projectId,
          );
          expect(new Set(sources).size).toBe(1);
        }
      }),
    );
  });

  it("are read back from a message as they were written", () => {
    fc.assert(
      fc.property(fc.array(shardStream, { minLength: 1 }), (streams) => {
        for (const shard of shardsOf(streams, 3)) expect(parseShard(shardText(shard))).toEqual(shard);
      }),
    );
  });

  it("hold no character that SQS refuses", () => {
    const stream = { engine: "kafka", region: "r", projectId: "p", instanceId: "i" } as const;
    expect(shardText([{ stream, name: "a\uffff\ufffe\u0000b" }])).toMatch(/^[\t\n\r\x20-\ufffd]*$/);
  });

  it.each([
    "",
    "no JSON",
    "{}",
    '{"source":"rabbitmq/r/p","instances":[{"id":7,"name":null}]}',
    '{"source":"nats/r/p","instances":[{"id":"i","name":null}]}',
    '{"source":"rabbitmq/r/p","instances":[{"id":"a/b","name":null}]}',
    '{"source":"rabbitmq/r/p","instances":[{"id":"","name":null}]}',
  ])("are not what %s is", (text) => {
    expect(parseShard(text)).toBeNull();
  });
});
