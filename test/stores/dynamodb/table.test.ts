import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Item } from "../../../lib/stores/dynamodb/item.ts";
import { type DynamodbEngine, startEngine } from "../../harness/dynamodb.ts";

let engine: DynamodbEngine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.close());

const maxBytes = 400 * 1_024;
const key = { pk: "a", sk: "b" } as const;
const keyBytes = "pkask".length + "b".length;

/** Attributes that make an item of so many bytes, by DynamoDB's rules. */
const attributesOf = (bytes: number): Item => {
  const text = "队列";
  const used = keyBytes + "text".length + Buffer.byteLength(text) + "bytes".length;
  return { text: { S: text }, bytes: { B: Buffer.alloc(bytes - used, 7).toString("base64") } };
};

async function opened() {
  const table = await engine.table();
  onTestFinished(() => table.close());
  const put = (attributes: Item) =>
    engine.raw("PutItem", {
      TableName: table.name,
      Item: { pk: { S: key.pk }, sk: { S: key.sk }, ...attributes },
    });
  return { table, put };
}

describe("a DynamoDB table", () => {
  it("takes an item of DynamoDB's limit, and gives it back whole", async () => {
    const { table } = await opened();
    const attributes = attributesOf(maxBytes);
    expect(await table.put(key, attributes)).toBe(true);
    expect(await table.get(key)).toMatchObject(attributes);
  });

  it("refuses one byte more before it is sent, and DynamoDB would", async () => {
    const { table, put } = await opened();
    engine.calls.length = 0;
    await expect(table.put(key, attributesOf(maxBytes + 1))).rejects.toThrow(
      expect.objectContaining({ reason: "too_large" }),
    );
    expect(engine.calls).toEqual([]);
    // The engine counts a text by its characters, not by its bytes.
    await expect(put(attributesOf(maxBytes + 5))).rejects.toThrow(/ValidationException/);
  });
});
