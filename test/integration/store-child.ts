import { setImmediate as turn } from "node:timers/promises";
import * as v from "valibot";
import type { CheckpointStore } from "../../lib/checkpoint/store.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { systemClock } from "../../lib/core/clock.ts";
import { StoreError } from "../../lib/core/errors.ts";
import { postgresUrl } from "../../lib/options/postgres-url.ts";
import { fileCheckpoints } from "../../lib/stores/sqlite/checkpoints.ts";
import { openDatabase } from "../../lib/stores/sqlite/database.ts";
import { entry, key } from "../checkpoint/sample.ts";

/** A process that works on a store, for tests that do harm to it. What it prints has happened. */
const [mode = "", place = "", times = "0"] = process.argv.slice(2);

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const load = async (store: CheckpointStore) =>
  (await store.load(key)) ?? { version: null, checkpoint: begin("all", 0, 0) };

/** Adds one to the record's watermark; null when another process was first. */
async function addOne(store: CheckpointStore, outbox = 0): Promise<number | null> {
  const { version, checkpoint } = await load(store);
  const watermarkMs = checkpoint.watermarkMs + 1;
  await turn();
  const entries = Array.from({ length: outbox }, (_, index) => entry(index + 1, `t${index}`));
  const result = await store.commit(key, { ...checkpoint, watermarkMs, outbox: entries }, version);
  return result.kind === "committed" ? watermarkMs : null;
}

const modes: Readonly<Record<string, (store: CheckpointStore) => Promise<void>>> = {
  /** Commits until it is killed. */
  async commit(store) {
    for (;;) say({ committed: await addOne(store) });
  },
  /** Commits so many times against others. */
  async race(store) {
    for (let count = 0; count < Number(times); count++) say({ committed: await addOne(store) });
  },
  /** Commits ever larger records until the disk is full, then says what the store still holds. */
  async fill(store) {
    try {
      for (let outbox = 1; ; outbox *= 2) say({ committed: await addOne(store, outbox) });
    } finally {
      say({ held: (await load(store)).checkpoint.watermarkMs });
    }
  },
};

/** In the folder or, at a URL, in PostgreSQL. */
async function openStore(): Promise<CheckpointStore> {
  if (!place.startsWith("postgres:")) return fileCheckpoints(openDatabase(place));
  const { postgresStores } = await import("../../lib/stores/postgres/index.ts");
  const url = v.parse(postgresUrl, place);
  return postgresStores({ url, schema: "bridge" }, { clock: systemClock, random: Math.random }).checkpoints;
}

try {
  const store = await openStore();
  try {
    await modes[mode]?.(store);
  } finally {
    await store.close();
  }
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  say({ failed: error.reason, message: error.message });
}
