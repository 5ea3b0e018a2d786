import path from "node:path";
import type { LoadedConfig } from "../config/load.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import type { Stores } from "../stores/stores.ts";

interface StoresDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly environment?: Environment;
}

/**
 * Opens the configured stores. Only the chosen store's code is loaded, because it adds to every container's start.
 * @throws StoreError
 */
export async function openStores(
  { config, folder }: LoadedConfig,
  { clock, random, environment = {} }: StoresDeps,
): Promise<Stores> {
  const { checkpoint } = config;
  switch (checkpoint.type) {
    case "memory": {
      const { memoryStores } = await import("../stores/memory.ts");
      return memoryStores(clock);
    }
    case "file": {
      const { fileStores } = await import("../stores/sqlite/index.ts");
      return fileStores(path.resolve(folder, checkpoint.path), clock);
    }
    case "dynamodb": {
      const { dynamodbStores } = await import("../stores/dynamodb/index.ts");
      return dynamodbStores(checkpoint, { environment, clock, random });
    }
    case "postgres": {
      const { postgresStores } = await import("../stores/postgres/index.ts");
      return postgresStores(checkpoint, { clock, random });
    }
    case "bucket": {
      const { bucketStores } = await import("../stores/bucket/index.ts");
      return bucketStores(checkpoint, { environment, clock, random });
    }
    default:
      return checkpoint satisfies never;
  }
}
