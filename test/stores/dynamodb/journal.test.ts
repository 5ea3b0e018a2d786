import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { begin } from "../../../lib/checkpoint/transitions.ts";
import { type Clock, systemClock } from "../../../lib/core/clock.ts";
import type { Journal } from "../../../lib/journal/journal.ts";
import { dynamodbCheckpoints } from "../../../lib/stores/dynamodb/checkpoints.ts";
import { numberOf } from "../../../lib/stores/dynamodb/item.ts";
import { dynamodbJournalPages } from "../../../lib/stores/dynamodb/journal.ts";
import { journalAfter } from "../../../lib/stores/journal-after.ts";
import type { JournalSettings } from "../../../lib/stores/journal-guard.ts";
import { pagedJournal } from "../../../lib/stores/paged-journal.ts";
import { createdMs } from "../../change/sample.ts";
import { key } from "../../checkpoint/sample.ts";
import { emitted, entriesOf, journalContract } from "../../contract/journal.ts";
import { type DynamodbEngine, startEngine } from "../../harness/dynamodb.ts";

let engine: DynamodbEngine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.close());

const dayMs = 86_400_000;
const first = begin("all", 1_000, 0);

async function opened(clock: Clock, failed: JournalSettings["failed"] = () => {}) {
  const table = await engine.table();
  const { checkpoints, journal } = journalAfter(
    dynamodbCheckpoints({ table, clock: systemClock, newId: randomUUID }),
    { keepMs: dayMs, maxEvents: 1_000, failed },
    ({ keepMs }) => pagedJournal(dynamodbJournalPages(table, clock, keepMs), { clock, newId: randomUUID }),
  );
  return { table, checkpoints, journal: journal as Journal };
}

journalContract("DynamoDB", opened);

describe("the journal in DynamoDB", () => {
  it("is no checkpoint, and its pages expire by themselves", async () => {
    const { table, checkpoints, journal } = await opened({ ...systemClock, now: () => createdMs });
    await checkpoints.commit(key, first, null, [emitted("t1")]);
    await journal.settled();
    expect(await checkpoints.list()).toEqual([key]);
    const [page] = await table.query("journal", "");
    expect(page && numberOf(page, "expiresAt") * 1_000).toBe(createdMs + dayMs);
    await checkpoints.close();
  });

  it("takes a commit of two hundred events that cannot be compressed", async () => {
    const { checkpoints, journal } = await opened(systemClock);
    const heavy = Array.from({ length: 200 }, (_, index) => {
      const entry = emitted(`t${index}`);
      if (entry.kind !== "event") throw new Error("no event");
      return { ...entry, event: { ...entry.event, source: randomBytes(9_000).toString("base64") } };
    });
    await checkpoints.commit(key, first, null, heavy);
    await journal.settled();
    const found = await entriesOf(journal, { sinceMs: 0 });
    expect(JSON.stringify(found) === JSON.stringify(heavy)).toBe(true);
    await checkpoints.close();
  });

  it("stops no commit when it fails, and says how many entries are lost", async () => {
    const losses: number[] = [];
    const failing = { ...systemClock, now: (): number => Number.NaN };
    const { checkpoints, journal } = await opened(failing, (_, lost) => losses.push(lost));
    const entries = [emitted("t1"), emitted("t2")];
    expect((await checkpoints.commit(key, first, null, entries)).kind).toBe("committed");
    await journal.settled();
    expect(losses).toEqual([2]);
    await checkpoints.close();
  });
});
