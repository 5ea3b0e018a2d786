import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CheckpointStore } from "../../lib/checkpoint/store.ts";
import type { StreamKey } from "../../lib/core/names.ts";
import { fileCheckpoints } from "../../lib/stores/sqlite/checkpoints.ts";
import { openDatabase } from "../../lib/stores/sqlite/database.ts";
import { changeName } from "./kill-verdict.ts";

/** Where a killed process keeps its record, and how the test looks into it. */
export interface KillStore {
  /** As the configuration has it. */
  readonly checkpoint?: Readonly<Record<string, unknown>>;
  /** Where its keys are. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The changes that a killed process had made durable. */
  changes(stream: StreamKey): Promise<readonly string[]>;
}

/** Of an embedded store: read from a copy, so that the next process finds it just as the kill left it. */
export const killedFolder = (folder: string): KillStore => ({
  async changes(stream) {
    const copy = await mkdtemp(join(tmpdir(), "bridge-copy-"));
    try {
      for (const name of ["bridge.db", "bridge.db-wal"])
        await copyIfThere(join(folder, name), join(copy, name));
      return await changesIn(fileCheckpoints(openDatabase(copy)), stream);
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  },
});

/** The changes in a stream's record. Closes the store. */
export async function changesIn(store: CheckpointStore, stream: StreamKey): Promise<readonly string[]> {
  try {
    const stored = await store.load(stream);
    if (!stored) return [];
    const { known, outbox } = stored.checkpoint;
    return [
      ...Array.from(known, ([task, { status }]) => changeName(task, status)),
      ...outbox.map(({ event }) => changeName(event.subject, event.data.change.to)),
    ];
  } finally {
    await store.close();
  }
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
