import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StreamKey } from "../../lib/core/names.ts";
import { fileCheckpoints } from "../../lib/stores/sqlite/checkpoints.ts";
import { openDatabase } from "../../lib/stores/sqlite/database.ts";
import { changeName } from "./kill-verdict.ts";

/**
 * The changes that a killed process had made durable, read from a copy, so that the next process finds the store just as
 * the kill left it.
 */
export async function changesInStore(folder: string, stream: StreamKey): Promise<readonly string[]> {
  const copy = await mkdtemp(join(tmpdir(), "bridge-copy-"));
  try {
    for (const name of ["bridge.db", "bridge.db-wal"])
      await copyIfThere(join(folder, name), join(copy, name));
    const store = fileCheckpoints(openDatabase(copy));
    const stored = await store.load(stream);
    await store.close();
    if (!stored) return [];
    const { known, outbox } = stored.checkpoint;
    return [
      ...Array.from(known, ([task, { status }]) => changeName(task, status)),
      ...outbox.map(({ event }) => changeName(event.subject, event.data.change.to)),
    ];
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
