import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { batchId } from "../../lib/checkpoint/parked.ts";
import { systemClock } from "../../lib/core/clock.ts";
import { type StreamKey, streamKey } from "../../lib/core/names.ts";
import { memoryParked } from "../../lib/stores/memory.ts";
import { openDatabase } from "../../lib/stores/sqlite/database.ts";
import { fileParked } from "../../lib/stores/sqlite/parked.ts";
import { probeWriting } from "../../lib/wire/stores.ts";
import { key } from "../checkpoint/sample.ts";
import { parkedDeliveries, parkedStoreContract } from "../contract/parked-store.ts";

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "bridge-parked-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

parkedStoreContract("memory", async () => memoryParked());
parkedStoreContract("file", async () => fileParked(openDatabase(newFolder())));

describe("the file store of parked deliveries", () => {
  it("refuses a damaged batch, and names it", async () => {
    const folder = newFolder();
    const store = fileParked(openDatabase(folder));
    await store.put(key, batchId("run/7"), parkedDeliveries(1));
    const sql = new DatabaseSync(path.join(folder, "bridge.db"));
    sql.exec("UPDATE parked SET batch = substr(batch, 1, 20)");
    sql.close();
    await expect(store.get(key, batchId("run/7"))).rejects.toMatchObject({
      code: "STORE_FAILED",
      reason: "corrupt",
      message: expect.stringContaining("run/7"),
    });
    await store.close();
  });

  it("refuses a batch that is another's, and names both", async () => {
    const folder = newFolder();
    const store = fileParked(openDatabase(folder));
    await store.put(key, batchId("run/7"), parkedDeliveries(1));
    const sql = new DatabaseSync(path.join(folder, "bridge.db"));
    sql.exec(`INSERT INTO parked SELECT stream, 'run/8', batch FROM parked;
      INSERT INTO parked SELECT 'another', 'run/7', batch FROM parked WHERE id = 'run/7'`);
    sql.close();
    for (const [stream, id] of [
      [key, "run/8"],
      ["another" as StreamKey, "run/7"],
    ] as const)
      await expect(store.get(stream, batchId(id))).rejects.toMatchObject({
        reason: "corrupt",
        message: expect.stringContaining(`the parked batch ${id} is another: run/7 of ${key}`),
      });
    expect(await store.get(key, batchId("run/7"))).toHaveLength(1);
    await store.close();
  });
});

it("leaves nothing of a probe behind, nor of one that was killed", async () => {
  const folder = newFolder();
  const store = fileParked(openDatabase(folder));
  const probed = streamKey({ engine: "doctor", region: "doctor", projectId: "doctor", instanceId: "doctor" });
  await store.put(probed, batchId("probe/killed"), []);
  const checkpoint = { type: "file", path: folder } as const;
  expect(await probeWriting({ checkpoint, folder }, { clock: systemClock, random: Math.random })).toBe(true);
  expect(await store.list(probed)).toEqual([]);
  await store.close();
});
