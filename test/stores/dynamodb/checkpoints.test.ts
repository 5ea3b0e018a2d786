import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { CheckpointStore, Version } from "../../../lib/checkpoint/store.ts";
import { begin } from "../../../lib/checkpoint/transitions.ts";
import { systemClock } from "../../../lib/core/clock.ts";
import { streamKey, taskId } from "../../../lib/core/names.ts";
import { cachedCheckpoints } from "../../../lib/stores/cached.ts";
import { dynamodbCheckpoints } from "../../../lib/stores/dynamodb/checkpoints.ts";
import { openTable, type Table } from "../../../lib/stores/dynamodb/table.ts";
import { sampleKnown } from "../../change/sample.ts";
import { entry, key, stream } from "../../checkpoint/sample.ts";
import { checkpointStoreContract } from "../../contract/checkpoint-store.ts";
import { manualClock } from "../../harness/clock.ts";
import { type DynamodbEngine, environment, startEngine } from "../../harness/dynamodb.ts";

let engine: DynamodbEngine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.close());

const first = begin("all", 1_000, 0);
const dayMs = 86_400_000;
const storeOn = (table: Table, clock = systemClock): CheckpointStore =>
  dynamodbCheckpoints({ table, clock, newId: randomUUID });
const failure = (reason: string, message = /./) =>
  expect.objectContaining({ code: "STORE_FAILED", reason, message: expect.stringMatching(message) });

const itemLimit = { bytes: 409_600, store: /^DynamoDB table \S+: the item / };
checkpointStoreContract("DynamoDB", async () => storeOn(await engine.table()), itemLimit);
checkpointStoreContract(
  "cached DynamoDB",
  async () => cachedCheckpoints(storeOn(await engine.table()), systemClock),
  itemLimit,
);

async function opened() {
  const clock = manualClock(Date.parse("2026-03-01T00:00:00Z"));
  const table = await engine.table({ clock });
  const store = storeOn(table, clock);
  onTestFinished(async () => {
    engine.faults.length = 0;
    await store.close();
  });
  const item = async () => {
    const answer = await engine.raw("GetItem", {
      TableName: table.name,
      Key: { pk: { S: key }, sk: { S: "checkpoint" } },
    });
    return (answer as { Item: Record<string, Record<string, string>> }).Item;
  };
  return { clock, table, store, item };
}

describe("the DynamoDB checkpoint store", () => {
  it("calls a commit its own whose answer was lost", async () => {
    const { store } = await opened();
    engine.faults.push({ operation: "PutItem", fault: "lose-answer" });
    expect(await store.commit(key, first, null)).toEqual({ kind: "committed", version: 1 });
    engine.faults.push({ operation: "PutItem", fault: "lose-answer" });
    expect(await store.commit(key, { ...first, watermarkMs: 7 }, 1 as Version)).toEqual({
      kind: "committed",
      version: 2,
    });
    expect((await store.load(key))?.checkpoint.watermarkMs).toBe(7);
  });

  it("calls it a conflict when another wrote the same record first", async () => {
    const { table, store } = await opened();
    engine.faults.push({ operation: "PutItem", fault: "lose-request" });
    await storeOn(table).commit(key, first, null);
    engine.faults.push({ operation: "PutItem", fault: "lose-request" });
    expect(await store.commit(key, first, null)).toEqual({ kind: "conflict" });
  });

  it("lets one of many clients commit a version, and shows each of them what it wrote", async () => {
    const { table, store } = await opened();
    await store.commit(key, first, null);
    const deps = { environment, clock: systemClock, random: () => 0 };
    const stores = Array.from({ length: 8 }, () =>
      storeOn(openTable({ name: table.name, endpoint: engine.origin }, deps)),
    );
    onTestFinished(async () => void (await Promise.all(stores.map((each) => each.close()))));
    const commits = await Promise.all(
      stores.map((each, index) => each.commit(key, { ...first, watermarkMs: index }, 1 as Version)),
    );
    const winners = [...commits.keys()].filter((index) => commits[index]?.kind === "committed");
    expect(winners).toHaveLength(1);
    const loaded = await Promise.all(stores.map((each) => each.load(key)));
    expect(new Set(loaded.map((each) => each?.checkpoint.watermarkMs))).toEqual(new Set(winners));
  });

  it("waits out throttling", async () => {
    const { store } = await opened();
    for (const operation of ["PutItem", "PutItem", "GetItem"]) {
      engine.faults.push({ operation, fault: "throttle" });
    }
    expect((await store.commit(key, first, null)).kind).toBe("committed");
    expect((await store.load(key))?.version).toBe(1);
  });

  it("is unavailable, and names the code, when throttling does not end", async () => {
    const { store } = await opened();
    for (let count = 0; count < 4; count++) engine.faults.push({ operation: "PutItem", fault: "throttle" });
    await expect(store.commit(key, first, null)).rejects.toThrow(
      failure("unavailable", /PutItem.*ProvisionedThroughputExceeded/),
    );
  });

  it("is unavailable when the table does not exist", async () => {
    const deps = { environment, clock: systemClock, random: () => 0 };
    const store = storeOn(openTable({ name: "no-such-table", endpoint: engine.origin }, deps));
    onTestFinished(() => store.close());
    await expect(store.load(key)).rejects.toThrow(failure("unavailable", /ResourceNotFoundException/));
  });

  it("takes a thousand owed events", async () => {
    const { store } = await opened();
    const outbox = Array.from({ length: 1_000 }, (_, index) => entry(index, randomUUID()));
    expect((await store.commit(key, { ...first, outbox }, null)).kind).toBe("committed");
    expect((await store.load(key))?.checkpoint.outbox).toHaveLength(1_000);
  });

  it("lists more streams than one answer holds", async () => {
    const { store } = await opened();
    const bytes = () => entry(1, randomBytes(50_000).toString("hex"));
    const keys = Array.from({ length: 12 }, (_, index) => streamKey({ ...stream, instanceId: `i${index}` }));
    for (const each of keys) await store.commit(each, { ...first, outbox: [bytes()] }, null);
    engine.calls.length = 0;
    expect([...(await store.list())].sort()).toEqual(keys.toSorted());
    expect(engine.calls.length).toBeGreaterThan(1);
  });

  it("refuses a damaged record, and names its stream", async () => {
    const { table, store } = await opened();
    await store.commit(key, first, null);
    await table.set({ pk: key, sk: "checkpoint" }, "record", { B: "AAAA" }, { text: "attribute_exists(pk)" });
    await expect(store.load(key)).rejects.toThrow(failure("corrupt", /i1.*damaged/));
  });

  it("keeps a record for 90 days after its last commit, or its last load a month later", async () => {
    const { clock, store, item } = await opened();
    const daysLeft = async () => (Number((await item())["expiresAt"]?.["N"]) * 1_000 - clock.now()) / dayMs;
    await store.commit(key, first, null);
    expect(await daysLeft()).toBe(90);
    await clock.advance(29 * dayMs);
    await store.load(key);
    expect(await daysLeft()).toBe(61);
    await clock.advance(2 * dayMs);
    await store.load(key);
    expect(await daysLeft()).toBe(90);
    expect((await store.load(key))?.version).toBe(1);
  });

  it("keeps a record that owes a delivery or has an open task without an end", async () => {
    const { store, item } = await opened();
    await store.commit(key, { ...first, outbox: [entry(1, "t1")] }, null);
    expect(await item()).not.toHaveProperty("expiresAt");
    expect((await store.load(key))?.checkpoint.outbox).toHaveLength(1);
    await store.commit(key, first, 1 as Version);
    expect(await item()).toHaveProperty("expiresAt");
    const known = new Map([[taskId("t1"), sampleKnown()]]);
    await store.commit(key, { ...first, known }, 2 as Version);
    expect(await item()).not.toHaveProperty("expiresAt");
  });

  it("gives DynamoDB the end of that time in whole seconds, as it wants them", async () => {
    const { clock, store, item } = await opened();
    await clock.advance(1);
    await store.commit(key, first, null);
    expect((await item())["expiresAt"]).toEqual({
      N: String(Math.floor(clock.now() / 1_000) + 90 * 86_400 + 1),
    });
  });

  it("loads a record whose time to live cannot be renewed", async () => {
    const { clock, store } = await opened();
    await store.commit(key, first, null);
    await clock.advance(40 * dayMs);
    for (let count = 0; count < 4; count++)
      engine.faults.push({ operation: "UpdateItem", fault: "throttle" });
    expect((await store.load(key))?.checkpoint).toEqual(first);
    expect(engine.faults).toEqual([]);
  });
});

describe("the cache before a checkpoint store", () => {
  it("asks nothing for what it has read or written in the last five minutes", async () => {
    const { clock, store } = await opened();
    const cached = cachedCheckpoints(store, clock);
    await cached.commit(key, first, null);
    engine.calls.length = 0;
    await clock.advance(299_999);
    expect((await cached.load(key))?.checkpoint).toBe(first);
    expect(engine.calls).toEqual([]);
    await clock.advance(1);
    await cached.load(key);
    expect(engine.calls).toEqual(["GetItem"]);
  });

  it("sees another writer's record once a commit met it", async () => {
    const { clock, store } = await opened();
    const cached = cachedCheckpoints(store, clock);
    await cached.commit(key, first, null);
    await store.commit(key, { ...first, watermarkMs: 7 }, 1 as Version);
    expect((await cached.load(key))?.version).toBe(1);
    expect(await cached.commit(key, first, 1 as Version)).toEqual({ kind: "conflict" });
    expect((await cached.load(key))?.checkpoint.watermarkMs).toBe(7);
  });

  it("sees another writer's record once it is told that there may be one", async () => {
    const { clock, store } = await opened();
    const cached = cachedCheckpoints(store, clock);
    await cached.commit(key, first, null);
    await store.commit(key, { ...first, watermarkMs: 7 }, 1 as Version);
    cached.doubt?.(key);
    expect((await cached.load(key))?.checkpoint.watermarkMs).toBe(7);
  });

  it("forgets the record it has held longest, where it holds thousands", async () => {
    const { clock, store } = await opened();
    await store.commit(key, first, null);
    const other = streamKey({ ...stream, instanceId: "other" });
    const loads: string[] = [];
    const counting = {
      ...store,
      load: async (asked: typeof key) => {
        loads.push(asked);
        return asked === key || asked === other
          ? store.load(key)
          : { checkpoint: first, version: 1 as Version };
      },
    };
    const cached = cachedCheckpoints(counting, clock);
    for (const each of [key, other]) await cached.load(each);
    for (let count = 1; count < 5_000; count++) {
      await cached.load(streamKey({ ...stream, instanceId: `n${count}` }));
    }
    loads.length = 0;
    for (const each of [other, key]) await cached.load(each);
    expect(loads).toEqual([key]);
  });

  it("reads again after a commit of which it cannot know whether it was written", async () => {
    const { clock, store } = await opened();
    const cached = cachedCheckpoints(store, clock);
    await cached.commit(key, first, null);
    for (let count = 0; count < 4; count++)
      engine.faults.push({ operation: "PutItem", fault: "lose-answer" });
    const second = { ...first, watermarkMs: 7 };
    await expect(cached.commit(key, second, 1 as Version)).rejects.toThrow(failure("unavailable"));
    expect(await cached.load(key)).toEqual({ checkpoint: second, version: 2 });
  });
});
