import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eachOf } from "../../lib/async/each.ts";
import type { KnownTask } from "../../lib/change/known.ts";
import { isBusy, lastActiveMs, openMs, owingMs } from "../../lib/checkpoint/activity.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { streamKey, taskId } from "../../lib/core/names.ts";
import { activityAttributes, dynamodbActivity } from "../../lib/stores/dynamodb/activity.ts";
import { dynamodbCheckpoints } from "../../lib/stores/dynamodb/checkpoints.ts";
import { textOf } from "../../lib/stores/dynamodb/item.ts";
import { sampleKnown } from "../change/sample.ts";
import { activityIndexContract } from "../contract/activity-index.ts";
import { manualClock } from "../harness/clock.ts";
import { type DynamodbEngine, startEngine } from "../harness/dynamodb.ts";
import { entry, stream } from "./sample.ts";

const startMs = Date.parse("2026-03-01T00:00:00Z");
const quiet = begin("all", startMs, 0);
const gone = { sinceMs: startMs, nextLookMs: null };
const withTask = (status: string, over: Partial<KnownTask> = {}): Checkpoint => ({
  ...quiet,
  known: new Map([[taskId("t1"), sampleKnown({ status, ...over })]]),
});

describe("lastActiveMs", () => {
  it("is beyond any clock while a task is open, and beyond that while an event is owed", () => {
    expect(lastActiveMs(withTask("EXECUTING"), startMs)).toBe(openMs);
    expect(lastActiveMs(withTask("HALF_DONE"), startMs)).toBe(openMs);
    const doubt = { status: "EXECUTING", sinceMs: startMs };
    expect(lastActiveMs(withTask("SUCCESS", { doubt }), startMs)).toBe(openMs);
    expect(lastActiveMs({ ...quiet, outbox: [entry(1, "t1")] }, startMs)).toBe(owingMs);
    expect(lastActiveMs({ ...withTask("CREATED"), outbox: [entry(1, "t1")] }, startMs)).toBe(owingMs);
    expect(owingMs).toBeGreaterThan(openMs);
    expect([startMs, openMs, owingMs].map(isBusy)).toEqual([false, true, true]);
  });

  it("is the commit's own instant otherwise", () => {
    expect(lastActiveMs(quiet, startMs)).toBe(startMs);
    expect(lastActiveMs(withTask("SUCCESS"), startMs)).toBe(startMs);
    expect(lastActiveMs(withTask("EXECUTING", { gone }), startMs)).toBe(startMs);
  });
});

let engine: DynamodbEngine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.close());

describe("the index of activity in DynamoDB", () => {
  it("is written with the record: a commit is one call", async () => {
    const clock = manualClock(startMs);
    const table = await engine.table({ clock });
    const store = dynamodbCheckpoints({ table, clock, newId: randomUUID });
    const keys = Array.from({ length: 60 }, (_, number) =>
      streamKey({ ...stream, instanceId: `i${number}` }),
    );
    engine.calls.length = 0;
    for (const key of keys) await store.commit(key, quiet, null);
    expect(engine.calls).toEqual(keys.map(() => "PutItem"));
    expect((await dynamodbActivity(table).activeSince(0)).size).toBe(60);
  });

  it("is read in one call while it is small, and in sixteen more when it is large", async () => {
    const table = await engine.table();
    const read = async (afterMs: number) => {
      engine.calls.length = 0;
      const found = await dynamodbActivity(table).activeSince(afterMs);
      return { records: found.size, calls: engine.calls.length };
    };
    /** Writes 25 records a call, as many as DynamoDB takes. */
    const write = (from: number, until: number) =>
      eachOf(
        Array.from({ length: (until - from) / 25 })
          .keys()
          .toArray(),
        8,
        async (batch) => {
          const items = Array.from({ length: 25 }, (_, number) => {
            const place = from + batch * 25 + number;
            const pk = streamKey({ ...stream, instanceId: `i${place}` });
            return { pk: { S: pk }, sk: { S: "checkpoint" }, ...activityAttributes(pk, startMs + place) };
          });
          const requests = items.map((Item) => ({ PutRequest: { Item } }));
          await engine.raw("BatchWriteItem", { RequestItems: { [table.name]: requests } });
        },
      );
    await write(0, 50);
    expect(await read(startMs + 9)).toEqual({ records: 40, calls: 1 });
    await write(50, 1_025);
    expect(await read(startMs + 9)).toEqual({ records: 1_015, calls: 17 });
  });
});

activityIndexContract("dynamodb", async (clock) => {
  const table = await engine.table({ clock });
  return {
    checkpoints: dynamodbCheckpoints({ table, clock, newId: randomUUID }),
    activity: dynamodbActivity(table),
  };
});

it("spreads streams evenly over the sixteen parts of the index", () => {
  const counts = new Map<string, number>();
  for (let number = 0; number < 1_600; number++) {
    const { activityPart } = activityAttributes(streamKey({ ...stream, instanceId: `i${number}` }), 0);
    const part = activityPart ? textOf({ activityPart }, "activityPart") : "";
    counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  expect([...counts.keys()].map(Number).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 16 }, (_, part) => part),
  );
  for (const count of counts.values()) expect(count).toBeGreaterThan(50);
});
