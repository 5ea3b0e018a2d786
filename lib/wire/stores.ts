import { randomUUID } from "node:crypto";
import path from "node:path";
import { batchId } from "../checkpoint/parked.ts";
import type { LoadedConfig, LoadedStore } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import { streamKey } from "../core/names.ts";
import type { JournalLimits } from "../journal/journal.ts";
import type { JournalSettings } from "../stores/journal-guard.ts";
import { closeStores, type Stores } from "../stores/stores.ts";

interface StoresDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly environment?: Environment;
  /** Called when entries could not be kept; never throws. */
  readonly journalFailed: JournalSettings["failed"];
}

/** The journal's limits; null when it is off. It is on by default where it costs no requests. */
export function journalLimits({
  checkpoint,
  journal,
}: Pick<Config, "checkpoint" | "journal">): JournalLimits | null {
  const isFree = checkpoint.type === "file" || checkpoint.type === "postgres";
  return (journal.enabled ?? isFree) ? { keepMs: journal.keep, maxEvents: journal.maxEvents } : null;
}

/**
 * Opens the configured stores. Only the chosen store's code is loaded, because it adds to every container's start.
 * @throws StoreError
 */
export async function openStores(
  { config, folder }: LoadedConfig,
  { clock, random, environment = {}, journalFailed }: StoresDeps,
): Promise<Stores> {
  const { checkpoint } = config;
  const limits = journalLimits(config);
  const journal = limits && { ...limits, failed: journalFailed };
  return openAt({ checkpoint, folder }, { clock, random, environment }, journal);
}

/** Configuration of the store, with the folder of relative paths. */
interface StorePlace {
  readonly checkpoint: Config["checkpoint"];
  readonly folder: string;
}

async function openAt(
  { checkpoint, folder }: StorePlace,
  { clock, random, environment = {} }: Omit<StoresDeps, "journalFailed">,
  journal: JournalSettings | null,
): Promise<Stores> {
  switch (checkpoint.type) {
    case "memory": {
      const { memoryStores } = await import("../stores/memory.ts");
      return memoryStores(clock, journal !== null);
    }
    case "file": {
      const { fileStores } = await import("../stores/sqlite/index.ts");
      return fileStores(path.resolve(folder, checkpoint.path), clock, journal);
    }
    case "dynamodb": {
      const { dynamodbStores } = await import("../stores/dynamodb/index.ts");
      return dynamodbStores(checkpoint, { environment, clock, random }, journal);
    }
    case "postgres": {
      const { postgresStores } = await import("../stores/postgres/index.ts");
      return postgresStores(checkpoint, { clock, random }, journal);
    }
    case "bucket": {
      const { bucketStores } = await import("../stores/bucket/index.ts");
      return bucketStores(checkpoint, { environment, clock, random }, journal);
    }
    default:
      return checkpoint satisfies never;
  }
}

/**
 * Opens the configured stores to read. Nothing is created or migrated: without a store yet, they are empty.
 * @throws StoreError
 */
export async function openStoresToRead(
  { config, folder }: Pick<LoadedStore, "config" | "folder">,
  deps: Omit<StoresDeps, "journalFailed">,
): Promise<Stores> {
  const { checkpoint } = config;
  const limits = journalLimits(config);
  switch (checkpoint.type) {
    case "file": {
      const { fileStoresToRead } = await import("../stores/sqlite/index.ts");
      return fileStoresToRead(path.resolve(folder, checkpoint.path), deps.clock, limits !== null);
    }
    case "postgres": {
      const { postgresStoresToRead } = await import("../stores/postgres/index.ts");
      return postgresStoresToRead(checkpoint, deps, limits !== null);
    }
    // These make nothing before the first commit.
    case "memory":
    case "dynamodb":
    case "bucket":
      return openAt({ checkpoint, folder }, deps, limits && { ...limits, failed: () => {} });
    default:
      return checkpoint satisfies never;
  }
}

/** Opens the configured stores to read, for `body`, and closes them. @throws StoreError */
export async function readStores<Result>(
  loaded: Pick<LoadedStore, "config" | "folder">,
  deps: Omit<StoresDeps, "journalFailed">,
  body: (stores: Stores) => Promise<Result>,
): Promise<Result> {
  const stores = await openStoresToRead(loaded, deps);
  try {
    return await body(stores);
  } finally {
    await closeStores(stores);
  }
}

/**
 * Writes parked deliveries that no record names, and removes them: proves the rights to both. In PostgreSQL each table
 * is tried first; false where it has no tables yet, which this does not make. What killed probes left is removed.
 * @throws StoreError
 */
export async function probeWriting(
  place: StorePlace,
  deps: Omit<StoresDeps, "journalFailed">,
): Promise<boolean> {
  const { checkpoint } = place;
  if (checkpoint.type === "postgres") {
    const { probeTables } = await import("../stores/postgres/probe.ts");
    if (!(await probeTables(checkpoint, deps))) return false;
  }
  if (checkpoint.type === "bucket") {
    const { sweepProbes } = await import("../stores/bucket/index.ts");
    await sweepProbes(checkpoint, { environment: {}, ...deps });
  }
  const stores = await openAt(place, deps, null);
  const [stream, id] = [streamKey(probe), batchId(`probe/${randomUUID()}`)];
  try {
    await stores.parked.put(stream, id, []);
    // With what a killed probe left.
    await stores.parked.remove(stream, await stores.parked.list(stream));
    return true;
  } finally {
    await closeStores(stores);
  }
}

/** A stream that no source can have. */
const probe = { engine: "doctor", region: "doctor", projectId: "doctor", instanceId: "doctor" };
