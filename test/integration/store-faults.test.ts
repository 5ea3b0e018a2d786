import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Version } from "../../lib/checkpoint/store.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import { fileCheckpoints } from "../../lib/stores/sqlite/checkpoints.ts";
import { openDatabase } from "../../lib/stores/sqlite/database.ts";
import { entry, key } from "../checkpoint/sample.ts";
import { canMount, onStore, type Said, withDisk, withFileLimit, withReadOnly } from "./store-process.ts";

const root = mkdtempSync(path.join(tmpdir(), "bridge-faults-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = (): string => {
  const folder = path.join(root, String(++folders));
  mkdirSync(folder);
  return folder;
};

const first = begin("all", 1_000, 0);
const outbox = Array.from({ length: 50 }, (_, index) => entry(index + 1, `t${index}`));

/** The record of the only stream, through a store opened for this alone. */
async function read(folder: string) {
  const store = fileCheckpoints(openDatabase(folder));
  try {
    return await store.load(key);
  } finally {
    await store.close();
  }
}

const committed = (said: readonly Said[]): readonly number[] =>
  said.flatMap(({ committed }) => committed ?? []);

const noRoom = { failed: "unavailable", message: expect.stringMatching(/bridge\.db: .*disk.* full/) };
const unavailable = { failed: "unavailable", message: expect.stringContaining("bridge.db") };

/** A folder whose process was stopped amid its work: the newest of three records is only in the log. */
async function abandoned(): Promise<string> {
  const folder = newFolder();
  const live = newFolder();
  const store = fileCheckpoints(openDatabase(live));
  await store.commit(key, first, null);
  await store.commit(key, { ...first, outbox }, 1 as Version);
  await store.commit(key, { ...first, outbox, watermarkMs: 3 }, 2 as Version);
  for (const name of ["bridge.db", "bridge.db-wal"])
    copyFileSync(path.join(live, name), path.join(folder, name));
  await store.close();
  return folder;
}

describe("a store whose process is killed", () => {
  it("holds the last commit that was acknowledged, or the one after it, 20 times in a row", {
    timeout: 60_000,
  }, async () => {
    const folder = newFolder();
    const random = seededRandom(5);
    let acknowledged = 0;
    for (let kill = 1; kill <= 20; kill++) {
      let left = 1 + Math.floor(random() * 20);
      const said = await onStore({ mode: "commit", folder, until: () => --left <= 0 });
      acknowledged = committed(said).at(-1) ?? acknowledged;
      const held = (await read(folder))?.checkpoint.watermarkMs ?? 0;
      expect([acknowledged, acknowledged + 1]).toContain(held);
      acknowledged = held;
    }
    expect(acknowledged).toBeGreaterThanOrEqual(20);
  });

  it("has its newest record from the log", async () => {
    expect((await read(await abandoned()))?.checkpoint.watermarkMs).toBe(3);
  });

  it("falls back to an older record when its log is lost, never to none", async () => {
    const folder = await abandoned();
    rmSync(path.join(folder, "bridge.db-wal"));
    expect(await read(folder)).toMatchObject({ version: 1, checkpoint: first });
  });
});

describe("two processes on one store", () => {
  it("never both commit the same version", { timeout: 60_000 }, async () => {
    const folder = newFolder();
    let lostRaces = 0;
    const until = (said: Said): boolean => {
      if (said.committed === null) lostRaces += 1;
      return lostRaces >= 50;
    };
    const all = await Promise.all([1, 2].map(() => onStore({ mode: "commit", folder, until })));
    expect(all.flat().filter(({ failed }) => failed)).toEqual([]);
    const won = all.flatMap(committed);
    expect(new Set(won).size).toBe(won.length);
    const held = await read(folder);
    expect(held?.version).toBe(held?.checkpoint.watermarkMs);
    // Each of the two may have been killed between a commit and its word.
    expect([0, 1, 2]).toContain((held?.version ?? 0) - won.length);
  });

  it("agree on one database when both start in an empty folder", { timeout: 60_000 }, async () => {
    for (let round = 0; round < 5; round++) {
      const folder = newFolder();
      const all = await Promise.all([1, 2, 3].map(() => onStore({ mode: "race", folder, times: 1 })));
      expect(all.flat()).toHaveLength(3);
      expect((await read(folder))?.version).toBe(all.flatMap(committed).length);
    }
  });
});

/** A commit that did not fit was refused, and the one before it is still there. */
function expectRefusal(said: readonly Said[]): void {
  const last = committed(said).at(-1);
  expect(last).toBeGreaterThan(1);
  expect(said.slice(-2)).toEqual([{ held: last }, unavailable]);
}

describe("a disk that is full", () => {
  it("refuses the commit and keeps the record before it, where files cannot grow", async () => {
    const folder = newFolder();
    expectRefusal(await onStore({ mode: "fill", folder, within: withFileLimit(500) }));
    expect((await read(folder))?.checkpoint.watermarkMs).toBeGreaterThan(1);
  });

  it.runIf(canMount)("refuses the commit and keeps the record before it, on a small disk", async () => {
    const folder = newFolder();
    expectRefusal(await onStore({ mode: "fill", folder, within: withDisk(folder, 512 * 1024) }));
  });

  it("is said so when there is no room for a new store", async () => {
    const said = await onStore({ mode: "fill", folder: newFolder(), within: withFileLimit(4) });
    expect(said).toEqual([noRoom]);
  });

  it.runIf(canMount)("is said so when a small disk has no room for a new store", async () => {
    const folder = newFolder();
    const said = await onStore({ mode: "fill", folder, within: withDisk(folder, 16 * 1024) });
    expect(said).toEqual([noRoom]);
  });
});

describe("a folder that cannot be written to", () => {
  it.runIf(canMount)("is said so, with a store in it and without", async () => {
    const used = newFolder();
    const store = fileCheckpoints(openDatabase(used));
    await store.commit(key, first, null);
    await store.close();
    for (const folder of [used, newFolder()]) {
      const said = await onStore({ mode: "race", folder, times: 1, within: withReadOnly(folder) });
      expect(said.at(-1)).toEqual(unavailable);
      expect(committed(said)).toEqual([]);
    }
  });

  it("is said so where folders cannot be made at all", () => {
    const dangling = path.join(root, "dangling");
    symlinkSync(path.join(root, "nowhere", "at all"), dangling);
    expect(() => openDatabase(dangling)).toThrow(
      expect.objectContaining({ name: "StoreError", reason: "unavailable" }),
    );
    expect(() => openDatabase("/dev/null/bridge")).toThrow(
      "checkpoint.path: expected a folder, or one that can be made, found something else at /dev/null",
    );
  });
});

const lengthOf = (length: number | string, size: number): number =>
  typeof length === "number" ? length : size / 2;

describe("a store that was damaged", () => {
  const corrupt = expect.objectContaining({ name: "StoreError", reason: "corrupt" });

  it.each([0, 1, 99, 511, 4_096, 8_192, "half"])(
    "is refused when it was truncated to %s bytes, and left as it is",
    async (length) => {
      const folder = await abandoned();
      await fileCheckpoints(openDatabase(folder)).close();
      const file = path.join(folder, "bridge.db");
      truncateSync(file, lengthOf(length, readFileSync(file).length));
      const before = readFileSync(file);
      await expect(read(folder)).rejects.toThrow(corrupt);
      expect(readFileSync(file)).toEqual(before);
    },
  );

  it.each([0, 1, 99, 511, 4_096, 8_192, "half"])(
    "is refused, or whole again from its log, when it was truncated to %s bytes beside it",
    async (length) => {
      const folder = await abandoned();
      const file = path.join(folder, "bridge.db");
      truncateSync(file, lengthOf(length, readFileSync(file).length));
      const outcome = await read(folder).catch((error: unknown) => error);
      expect([corrupt, expect.objectContaining({ version: 3 })]).toContainEqual(outcome);
      if (length === 0) expect(existsSync(`${file}-wal`)).toBe(true);
    },
  );

  it.each(["", "x", "{}\n", "a document of somebody else. ".repeat(300)])(
    "is refused when it is another file: %.20s",
    async (text) => {
      const folder = newFolder();
      writeFileSync(path.join(folder, "bridge.db"), text);
      await expect(read(folder)).rejects.toThrow(corrupt);
      expect(readFileSync(path.join(folder, "bridge.db"), "utf8")).toBe(text);
    },
  );

  it("is refused when only its log is left", async () => {
    const folder = await abandoned();
    rmSync(path.join(folder, "bridge.db"));
    await expect(read(folder)).rejects.toThrow(corrupt);
    expect(existsSync(path.join(folder, "bridge.db-wal"))).toBe(true);
  });
});
