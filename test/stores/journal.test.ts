import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Version } from "../../lib/checkpoint/store.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { type Clock, systemClock } from "../../lib/core/clock.ts";
import type { JournalSettings } from "../../lib/stores/journal-guard.ts";
import { memoryStores } from "../../lib/stores/memory.ts";
import { fileStores } from "../../lib/stores/sqlite/index.ts";
import { key } from "../checkpoint/sample.ts";
import { delivered, emitted, entriesOf, type JournaledStore, journalContract } from "../contract/journal.ts";

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "bridge-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const settings = (failed: JournalSettings["failed"] = () => {}): JournalSettings => ({
  keepMs: 1e12,
  maxEvents: 1_000,
  failed,
});

function journaled({ checkpoints, journal }: ReturnType<typeof memoryStores>): JournaledStore {
  if (!journal) throw new Error("the journal is off");
  return { checkpoints, journal };
}

const opened = (folder: string, clock: Clock = systemClock, failed?: JournalSettings["failed"]) =>
  journaled(fileStores(folder, clock, settings(failed)));

journalContract("memory", async (clock) => journaled(memoryStores(clock, true)));
journalContract("file", async (clock) => opened(newFolder(), clock));

const first = begin("all", 1_000, 0);
const all = { sinceMs: 0 };

/** Changes the database behind its store's back. */
function tamper(folder: string, statement: string): void {
  const sql = new DatabaseSync(path.join(folder, "bridge.db"));
  sql.exec(statement);
  sql.close();
}

describe("the file journal", () => {
  it("shows what another process wrote", async () => {
    const folder = newFolder();
    const [mine, theirs] = [opened(folder), opened(folder)];
    await mine.checkpoints.commit(key, first, null, [emitted("t1")]);
    expect(await entriesOf(theirs.journal, all)).toEqual([emitted("t1")]);
    await Promise.all([mine.checkpoints.close(), theirs.checkpoints.close()]);
  });

  it.each([
    ["its table is gone", "DROP TABLE journal"],
    [
      "it is full",
      "CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    ],
  ])("stops no commit when %s, and says how many entries are lost", async (_what, breaking) => {
    const folder = newFolder();
    const losses: number[] = [];
    const time = { nowMs: 1_000_000 };
    const clock = { now: () => time.nowMs, sleep: async () => {} };
    const { checkpoints } = opened(folder, clock, (_, lost) => losses.push(lost));
    await checkpoints.commit(key, first, null);
    tamper(folder, breaking);
    const next = { ...first, watermarkMs: 7 };
    const result = await checkpoints.commit(key, next, 1 as Version, [emitted("t1"), delivered("t1")]);
    expect(result).toEqual({ kind: "committed", version: 2 });
    expect((await checkpoints.load(key))?.checkpoint).toEqual(next);
    expect(losses).toEqual([2]);
    await checkpoints.close();
  });

  it("commits without the journal for half a minute after it failed, and then with it again", async () => {
    const folder = newFolder();
    const losses: number[] = [];
    const time = { nowMs: 1_000_000 };
    const clock = { now: () => time.nowMs, sleep: async () => {} };
    const { checkpoints, journal } = opened(folder, clock, (_, lost) => losses.push(lost));
    await checkpoints.commit(key, first, null);
    tamper(folder, "ALTER TABLE journal RENAME TO elsewhere");
    await checkpoints.commit(key, first, 1 as Version, [emitted("t1")]);
    tamper(folder, "ALTER TABLE elsewhere RENAME TO journal");
    time.nowMs += 29_999;
    await checkpoints.commit(key, first, 2 as Version, [emitted("t2")]);
    time.nowMs += 1;
    await checkpoints.commit(key, first, 3 as Version, [emitted("t3")]);
    expect(await entriesOf(journal, all)).toEqual([emitted("t3")]);
    expect(losses).toEqual([1, 1]);
    await checkpoints.close();
  });

  it("tells of a damaged entry, and reads the others", async () => {
    const folder = newFolder();
    const { checkpoints, journal } = opened(folder);
    await journal.append([emitted("t1"), emitted("t2")]);
    tamper(folder, "UPDATE journal SET entry = replace(entry, 'EXECUTING', 'SUCCESS') WHERE id = 1");
    expect(await entriesOf(journal, all)).toEqual([{ kind: "damaged" }, emitted("t2")]);
    await checkpoints.close();
  });

  it("writes nothing where it is off", async () => {
    const folder = newFolder();
    const stores = fileStores(folder, systemClock);
    await stores.checkpoints.commit(key, first, null, [emitted("t1")]);
    expect(stores.journal).toBeNull();
    expect(await entriesOf(opened(folder).journal, all)).toEqual([]);
    await stores.checkpoints.close();
  });
});
