import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import type { Version } from "../../lib/checkpoint/store.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { streamKey } from "../../lib/core/names.ts";
import { fileCheckpoints } from "../../lib/stores/sqlite/checkpoints.ts";
import { openDatabase, openDatabaseToRead } from "../../lib/stores/sqlite/database.ts";
import { fileStores } from "../../lib/stores/sqlite/index.ts";
import { key, stream } from "../checkpoint/sample.ts";
import { activityIndexContract } from "../contract/activity-index.ts";
import { checkpointStoreContract } from "../contract/checkpoint-store.ts";

const root = mkdtempSync(path.join(tmpdir(), "bridge-store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const newFolder = (): string => path.join(root, String(++folders));
const first = begin("all", 1_000, 0);
const failure = (reason: string, message: RegExp) =>
  expect.objectContaining({ code: "STORE_FAILED", reason, message: expect.stringMatching(message) });

checkpointStoreContract("file", async () => fileCheckpoints(openDatabase(newFolder())));
activityIndexContract("file", async (clock) => fileStores(newFolder(), clock));

describe("the file checkpoint store", () => {
  it("lets one of two processes commit a version, and shows the other what it wrote", async () => {
    const folder = newFolder();
    const [mine, theirs] = [fileCheckpoints(openDatabase(folder)), fileCheckpoints(openDatabase(folder))];
    expect((await mine.commit(key, first, null)).kind).toBe("committed");
    expect((await theirs.commit(key, { ...first, watermarkMs: 5 }, null)).kind).toBe("conflict");
    expect(await theirs.load(key)).toEqual(await mine.load(key));
    await Promise.all([mine.close(), theirs.close()]);
  });

  it("has the record again after it was opened anew", async () => {
    const folder = newFolder();
    const before = fileCheckpoints(openDatabase(folder));
    await before.commit(key, first, null);
    await before.close();
    const after = fileCheckpoints(openDatabase(folder));
    expect((await after.load(key))?.checkpoint).toEqual(first);
    await after.close();
  });

  it.each([
    ["its folder", ""],
    ["its database", "bridge.db"],
    ["its log", "bridge.db-wal"],
  ])("notices that %s was deleted under it, and records nothing", async (_what, file) => {
    const folder = newFolder();
    const store = fileCheckpoints(openDatabase(folder));
    await store.commit(key, first, null);
    rmSync(path.join(folder, file), { recursive: true });
    const gone = failure("unavailable", /bridge\.db.* was deleted or replaced while it was in use/);
    await expect(store.load(key)).rejects.toThrow(gone);
    await expect(store.commit(key, first, 1 as Version)).rejects.toThrow(gone);
    await store.close();
  });

  it("notices that another database was put in its place", async () => {
    const folder = newFolder();
    const store = fileCheckpoints(openDatabase(folder));
    await store.commit(key, first, null);
    rmSync(folder, { recursive: true });
    openDatabase(folder).close();
    await expect(store.load(key)).rejects.toThrow(failure("unavailable", /deleted or replaced/));
    await store.close();
  });

  it("makes a folder that only its owner can read", () => {
    const folder = newFolder();
    openDatabase(folder).close();
    expect(statSync(folder).mode & 0o077).toBe(0);
  });

  it("refuses a file that is no database, and leaves it as it is", () => {
    const folder = newFolder();
    openDatabase(folder).close();
    const file = path.join(folder, "bridge.db");
    const text = "not a database, but somebody's file, longer than a header of a hundred bytes ".repeat(4);
    writeFileSync(file, text);
    expect(() => openDatabase(folder)).toThrow(failure("corrupt", /bridge\.db/));
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("refuses another program's database", () => {
    const folder = newFolder();
    openDatabase(folder).close();
    const file = path.join(folder, "bridge.db");
    rmSync(file);
    const foreign = new DatabaseSync(file);
    foreign.exec("CREATE TABLE accounts (id INTEGER)");
    foreign.close();
    expect(() => openDatabase(folder)).toThrow(failure("corrupt", /not a dms-task-bridge store/));
  });

  it("refuses the database of a newer version", () => {
    const folder = newFolder();
    openDatabase(folder).close();
    const newer = new DatabaseSync(path.join(folder, "bridge.db"));
    newer.exec("PRAGMA user_version = 99");
    newer.close();
    expect(() => openDatabase(folder)).toThrow(failure("corrupt", /schema 99.*upgrade/));
  });

  it("refuses a damaged record, and names its stream", async () => {
    const folder = newFolder();
    const store = fileCheckpoints(openDatabase(folder));
    await store.commit(key, first, null);
    const sql = new DatabaseSync(path.join(folder, "bridge.db"));
    sql.exec("UPDATE checkpoint SET record = substr(record, 1, 20)");
    sql.close();
    await expect(store.load(key)).rejects.toThrow(
      failure("corrupt", /rabbitmq\/cn-north-4\/p1\/i1.*checksum/),
    );
    await store.close();
  });

  it("refuses a record that is another stream's, and reads the others", async () => {
    const folder = newFolder();
    const store = fileCheckpoints(openDatabase(folder));
    const other = streamKey({ ...stream, instanceId: "i2" });
    for (const each of [key, other]) await store.commit(each, first, null);
    const sql = new DatabaseSync(path.join(folder, "bridge.db"));
    sql.exec(`UPDATE checkpoint SET record = (SELECT record FROM checkpoint WHERE stream = '${other}')`);
    sql.close();
    await expect(store.load(key)).rejects.toThrow(
      failure("corrupt", new RegExp(`${key}: the record of another stream: ${other}$`)),
    );
    expect(await store.load(other)).not.toBeNull();
    await store.close();
  });

  it("says what is wrong with a folder that is a file", () => {
    const file = newFolder();
    writeFileSync(file, "");
    for (const folder of [file, path.join(file, "below")]) {
      const said = `checkpoint.path: expected a folder, or one that can be made, found something else at ${file}`;
      expect(() => openDatabase(folder)).toThrow(said);
      expect(() => openDatabaseToRead(folder)).toThrow(said);
    }
  });

  it("says what is wrong with a path that leads nowhere, also to a command that only reads", () => {
    const folder = newFolder();
    symlinkSync(folder, folder);
    for (const open of [openDatabase, openDatabaseToRead])
      expect(() => open(folder)).toThrow(failure("unavailable", /ELOOP: checkpoint\.path must be a folder/));
  });

  it("is read where nothing can be created beside it", async () => {
    const folder = newFolder();
    const written = fileCheckpoints(openDatabase(folder));
    await written.commit(key, first, null);
    await written.close();
    // As a folder without the right to write would do.
    mkdirSync(path.join(folder, "bridge.db-shm"));
    const database = openDatabaseToRead(folder);
    expect(database?.use((sql) => sql.prepare("SELECT stream FROM checkpoint").all())).toMatchObject([
      { stream: key },
    ]);
    database?.close();
  });

  it("ends where a folder cannot be made", () => {
    expect(() => openDatabase("/proc/none/below")).toThrow(
      failure("unavailable", /checkpoint\.path must be a folder that/),
    );
  });
});
