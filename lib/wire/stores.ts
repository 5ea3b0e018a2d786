import path from "node:path";
import type { LoadedConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import type { JournalLimits } from "../journal/journal.ts";
import type { JournalSettings } from "../stores/journal-guard.ts";
import type { Stores } from "../stores/stores.ts";

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
