import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { batchId } from "../../../lib/checkpoint/parked.ts";
import { park, roomOf } from "../../../lib/checkpoint/parking.ts";
import { pendingCounts } from "../../../lib/checkpoint/pending.ts";
import { smallRoomBytes } from "../../../lib/checkpoint/room.ts";
import { begin, record } from "../../../lib/checkpoint/transitions.ts";
import { systemClock } from "../../../lib/core/clock.ts";
import { StoreError } from "../../../lib/core/errors.ts";
import { sinkName } from "../../../lib/core/names.ts";
import { dynamodbCheckpoints } from "../../../lib/stores/dynamodb/checkpoints.ts";
import { dynamodbParked } from "../../../lib/stores/dynamodb/parked.ts";
import { probeWriting } from "../../../lib/wire/stores.ts";
import { key, sampleEvent } from "../../checkpoint/sample.ts";
import { parkedDeliveries, parkedStoreContract } from "../../contract/parked-store.ts";
import { type DynamodbEngine, environment, startEngine } from "../../harness/dynamodb.ts";

let engine: DynamodbEngine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.close());

parkedStoreContract("DynamoDB", async () => dynamodbParked(await engine.table()));

async function opened() {
  const table = await engine.table();
  onTestFinished(() => table.close());
  return { table, parked: dynamodbParked(table) };
}

describe("parked deliveries in DynamoDB", () => {
  it("are no checkpoints, and stay when a checkpoint is reset", async () => {
    const { table, parked } = await opened();
    const checkpoints = dynamodbCheckpoints({ table, clock: systemClock, newId: randomUUID });
    await checkpoints.commit(key, begin("all", 1_000, 0), null);
    await parked.put(key, batchId("a"), parkedDeliveries(1));
    expect(await checkpoints.list()).toEqual([key]);
    await checkpoints.reset(key);
    expect(await parked.list(key)).toEqual(["a"]);
  });

  it("are put, looked for and removed by a probe, which leaves nothing and needs the right to write", async () => {
    const { table } = await opened();
    const probe = (name: string) =>
      probeWriting(
        { checkpoint: { type: "dynamodb", table: name, endpoint: engine.origin }, folder: "/" },
        { clock: systemClock, random: Math.random, environment },
      );
    engine.calls.length = 0;
    await probe(table.name);
    expect(engine.calls).toEqual(["PutItem", "Query", "DeleteItem"]);
    expect(await engine.raw("Scan", { TableName: table.name })).toMatchObject({ Count: 0 });
    await expect(probe("absent")).rejects.toThrow(StoreError);
  });

  it("are listed without being read, though one answer of DynamoDB holds a megabyte", async () => {
    const { parked } = await opened();
    const heavy = parkedDeliveries(1).map((delivery) => ({
      ...delivery,
      event: { ...delivery.event, source: randomBytes(150_000).toString("base64") },
    }));
    for (let index = 0; index < 9; index += 1) await parked.put(key, batchId(String(index)), heavy);
    expect(await parked.list(key)).toHaveLength(9);
  });

  it("leave a record that fits its item, though no event can be compressed and four sinks are down", async () => {
    const { table, parked } = await opened();
    const checkpoints = dynamodbCheckpoints({ table, clock: systemClock, newId: randomUUID });
    const sinks = ["a", "b", "c", "d"].map(sinkName);
    const limits = {
      maxBacklog: 1_000,
      maxBytes: smallRoomBytes,
      policies: new Map(sinks.map((sink) => [sink, null])),
    };
    let checkpoint = begin("all", 1_000, 0);
    for (let slice = 0; slice < 4; slice += 1) {
      const events = Array.from({ length: 100 }, (_, index) => {
        const event = sampleEvent(`t${slice}-${index}`);
        return { event: { ...event, source: randomBytes(9_000).toString("base64") }, sinks };
      });
      const { next, surplus } = record(checkpoint, {
        differences: [],
        events,
        watermarkMs: 0,
        newestCreatedMs: null,
        baselineDone: true,
        nowMs: 1_000,
        lease: null,
        durations: new Map(),
        room: roomOf(checkpoint, limits),
      });
      const parking = park(next, surplus, new Map(), () => batchId(randomUUID()));
      for (const [id, deliveries] of parking.written) await parked.put(key, id, deliveries);
      checkpoint = parking.next;
    }
    expect(pendingCounts(checkpoint)).toEqual(new Map(sinks.map((sink) => [sink, 400])));
    expect((await checkpoints.commit(key, checkpoint, null)).kind).toBe("committed");
  });

  it("wait out throttling, and say what DynamoDB said when it does not end", async () => {
    const { parked } = await opened();
    engine.faults.push({ operation: "PutItem", fault: "throttle" });
    await parked.put(key, batchId("a"), parkedDeliveries(1));
    for (let count = 0; count < 4; count++) engine.faults.push({ operation: "GetItem", fault: "throttle" });
    await expect(parked.get(key, batchId("a"))).rejects.toThrow(/dynamodb GetItem.*Throughput/);
  });
});
