import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Version } from "../../lib/checkpoint/store.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { type Clock, systemClock } from "../../lib/core/clock.ts";
import { StoreError } from "../../lib/core/errors.ts";
import type { JournalEntry } from "../../lib/journal/entry.ts";
import { guardedCommit, type JournalSettings } from "../../lib/stores/journal-guard.ts";
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

  it("has the entries of the first commit after a failure, of its own or of the database", async () => {
    const folder = newFolder();
    const losses: number[] = [];
    const { checkpoints, journal } = opened(folder, systemClock, (_, lost) => losses.push(lost));
    await checkpoints.commit(key, first, null);
    tamper(folder, "ALTER TABLE journal RENAME TO elsewhere");
    await checkpoints.commit(key, first, 1 as Version, [emitted("t1")]);
    tamper(folder, "ALTER TABLE elsewhere RENAME TO journal");
    await checkpoints.commit(key, first, 2 as Version, [emitted("t2")]);
    tamper(folder, "ALTER TABLE checkpoint RENAME TO gone");
    await expect(checkpoints.commit(key, first, 3 as Version, [emitted("t3")])).rejects.toThrow("checkpoint");
    tamper(folder, "ALTER TABLE gone RENAME TO checkpoint");
    await checkpoints.commit(key, first, 3 as Version, [emitted("t3")]);
    expect(await entriesOf(journal, all)).toEqual([emitted("t2"), emitted("t3")]);
    expect(losses).toEqual([1]);
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

describe("a commit with entries", () => {
  const committed = { kind: "committed", version: 1 as Version } as const;
  const down = new StoreError("unavailable", "down");
  const late = new StoreError("unavailable", "the statement took too long");

  /** Commits through one guard; `fails` is thrown by the write with entries, after so many milliseconds. */
  function guard() {
    let nowMs = 0;
    const lost: string[] = [];
    const failed = (error: unknown) => lost.push((error as Error).message);
    const guarded = guardedCommit({
      clock: { now: () => nowMs, sleep: async () => {} },
      journal: settings(failed),
      isOfStore: (error) => error === down,
    });
    const commit = async (fails: Error | null = null, tookMs = 0) => {
      const written: number[] = [];
      const write = async (entries: readonly JournalEntry[]) => {
        written.push(entries.length);
        if (entries.length === 0 || !fails) return committed;
        nowMs += tookMs;
        throw fails;
      };
      await guarded([emitted("t1")], write).catch((error: unknown) => written.push(error === down ? -1 : -2));
      return written;
    };
    const wait = (ms: number) => {
      nowMs += ms;
    };
    return { commit, lost, wait };
  }

  it("fails where the store does, is not tried without them, and has them once the store is back", async () => {
    const { commit, lost } = guard();
    for (let times = 1; times <= 3; times++) expect(await commit(down, 12_000)).toEqual([1, -1]);
    expect(await commit()).toEqual([1]);
    expect(lost).toEqual([]);
  });

  it("leaves them out for half a minute after two slow failures in a row, and says until when", async () => {
    const { commit, lost, wait } = guard();
    expect(await commit(late, 10_000)).toEqual([1, 0]);
    expect(await commit(late, 10_000)).toEqual([1, 0]);
    wait(29_999);
    expect(await commit()).toEqual([0]);
    wait(1);
    expect(await commit()).toEqual([1]);
    expect(lost).toEqual([
      "the statement took too long",
      "the statement took too long",
      "left out until 1970-01-01T00:00:50.000Z after two slow failures, the last: the statement took too long",
    ]);
  });

  it("has them again after one slow failure, after any number of quick ones, and after commits at once", async () => {
    const { commit } = guard();
    await commit(late, 10_000);
    expect(await commit()).toEqual([1]);
    for (let times = 1; times <= 3; times++) expect(await commit(late)).toEqual([1, 0]);
    await Promise.all([commit(late, 10_000), commit(late, 10_000)]);
    expect(await commit()).toEqual([1]);
  });
});
