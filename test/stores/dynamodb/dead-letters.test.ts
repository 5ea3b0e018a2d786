import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { smallRoomBytes } from "../../../lib/checkpoint/room.ts";
import { begin } from "../../../lib/checkpoint/transitions.ts";
import { systemClock } from "../../../lib/core/clock.ts";
import type { SinkName } from "../../../lib/core/names.ts";
import { type DeadLetter, deadLetterOf } from "../../../lib/delivery/dead-letters.ts";
import { redrive } from "../../../lib/delivery/redrive.ts";
import { dynamodbCheckpoints } from "../../../lib/stores/dynamodb/checkpoints.ts";
import { dynamodbDeadLetters } from "../../../lib/stores/dynamodb/dead-letters.ts";
import { createdMs } from "../../change/sample.ts";
import { chat, entry, key, ops } from "../../checkpoint/sample.ts";
import { deadLetterStoreContract } from "../../contract/dead-letter-store.ts";
import { type DynamodbEngine, startEngine } from "../../harness/dynamodb.ts";

let engine: DynamodbEngine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.close());

deadLetterStoreContract("DynamoDB", async () => dynamodbDeadLetters(await engine.table()));

const letter = (sequence: number, sink: SinkName = ops, givenUpMs = sequence): DeadLetter =>
  deadLetterOf(key, sink, entry(sequence, `t${sequence}`, [sink]), {
    reason: "rejected",
    detail: "HTTP 400",
    attempts: 1,
    nowMs: createdMs + givenUpMs,
  });

async function opened() {
  const table = await engine.table();
  onTestFinished(() => table.close());
  return {
    letters: dynamodbDeadLetters(table),
    checkpoints: dynamodbCheckpoints({ table, clock: systemClock, newId: randomUUID }),
  };
}

describe("dead letters in DynamoDB", () => {
  it("are listed oldest first, by sink and by id", async () => {
    const { letters } = await opened();
    const [a, b, c] = [letter(1, ops, 30), letter(2, chat, 20), letter(3, ops, 10)];
    await letters.put([a, b, c]);
    expect(await letters.list({})).toEqual([c, b, a]);
    expect(await letters.list({ sink: ops })).toEqual([c, a]);
    expect(await letters.list({ id: b.id })).toEqual([b]);
    expect(await letters.list({ id: b.id.slice(0, -1) })).toEqual([]);
    expect(await letters.list({ id: b.id, sink: ops })).toEqual([]);
  });

  it("are more than one answer of DynamoDB holds", async () => {
    const { letters } = await opened();
    const detail = Array.from({ length: 4_000 }, randomUUID).join("");
    const many = Array.from({ length: 24 }, (_, index) => ({ ...letter(index), detail }));
    await letters.put(many);
    engine.calls.length = 0;
    expect(await letters.list({})).toEqual(many);
    expect(engine.calls.length).toBeGreaterThan(1);
  });

  it("wait out throttling, and fail with what DynamoDB said when it does not end", async () => {
    const { letters } = await opened();
    engine.faults.push({ operation: "PutItem", fault: "throttle" });
    await letters.put([letter(1)]);
    expect(await letters.list({})).toEqual([letter(1)]);
    for (let count = 0; count < 4; count++) engine.faults.push({ operation: "Query", fault: "throttle" });
    await expect(letters.list({})).rejects.toThrow(/dynamodb Query.*ProvisionedThroughputExceeded/);
  });

  it("go back from the table into the outbox, and are no checkpoint", async () => {
    const { letters, checkpoints } = await opened();
    await checkpoints.commit(key, begin("all", 1_000, 0), null);
    await letters.put([letter(1), letter(2)]);
    expect(await checkpoints.list()).toEqual([key]);
    const deps = {
      checkpoints,
      deadLetters: letters,
      sinks: new Set([ops]),
      maxBacklog: 9,
      maxBytes: smallRoomBytes,
      clock: systemClock,
    };
    expect(await redrive(deps, {})).toEqual({ redriven: 2, left: 0 });
    expect(await letters.list({})).toEqual([]);
    expect((await checkpoints.load(key))?.checkpoint.outbox.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });
});
